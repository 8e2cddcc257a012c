package backupx

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/samber/lo"
)

// cliToken is the content of a starting token of the AWS CLI and boto3.
type cliToken struct {
	NextToken *string `json:"NextToken"`
	Truncate  int     `json:"boto_truncate_amount,omitempty"`
}

// CLIToken returns the checkpoint as a token for --starting-token of the AWS CLI and StartingToken of boto3:
// base64 of {"NextToken": …, "boto_truncate_amount": n}. It is empty if the listing has ended. Such a token
// holds the position of one chain only: for a listing of several chains CLIToken fails with [ErrCheckpoint]. So it does
// for a chain that was restarted and has to pass over items.
func (cp Checkpoint) CLIToken() (string, error) {
	at, err := cp.onlyPosition()
	if err != nil || cp.Done() {
		return "", prefixed(err)
	}
	b, err := json.Marshal(cliToken{NextToken: optional(string(at.Token)), Truncate: at.Skip})
	if err != nil {
		return "", prefixed(err)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

// onlyPosition returns the position of the one chain of a listing, if a token of the AWS CLI can hold it.
func (cp Checkpoint) onlyPosition() (at savedPos, err error) {
	if cp.s == nil || cp.Done() {
		return at, nil
	}
	if cp.s.Follow != nil {
		return at, fmt.Errorf("%w: it is of a follower, of which the AWS CLI has no tokens", ErrCheckpoint)
	}
	if len(cp.s.Chains) > 1 || len(cp.s.Windows) > 0 || cp.s.Opened && cp.s.ID.severalSources() {
		return at, fmt.Errorf("%w: the AWS CLI's tokens know of one chain, and this listing has several", ErrCheckpoint)
	}
	at = lo.FromPtr(cp.s.Start)
	for _, p := range cp.s.Chains {
		at = p
	}
	switch {
	case at.Loop && !cp.s.Opened: // the start was refused
		return at, errNowhere
	case len(at.Passed) > 0:
		return at, fmt.Errorf("%w: the AWS CLI's tokens know of no items to pass over, as after Restart", ErrCheckpoint)
	case !utf8.Valid(at.Token):
		return at, fmt.Errorf("%w: the AWS CLI's tokens are UTF-8, and the page token is not", ErrCheckpoint)
	}
	return at, nil
}

// StartAtCLI starts at a token of the AWS CLI (--starting-token, or the NextToken that it prints) or of boto3
// (StartingToken, resume_token), even in the middle of a page. As with [Listing.StartAt], the listing must
// have one chain. An empty token is an error, because the CLI and boto3 give it at the end of a listing. A page token of
// the service itself, which the CLI prints with --no-paginate, is an error too: use [Listing.StartAt]. The checkpoint of
// such an error cannot be resumed ([ErrCheckpoint]): the listing has no place to start at.
func (l Listing[T]) StartAtCLI(token string) Listing[T] {
	t, err := parseCLIToken(token)
	if err != nil {
		return l.startAt(position{Loop: true}).broken(fmt.Errorf("StartAtCLI: %w: %w", ErrCheckpoint, err))
	}
	start := position{Skip: t.Truncate}
	if t.NextToken != nil {
		start.Token = *t.NextToken
	}
	return l.startAt(start)
}

// errNotCLI is the error of a token that the AWS CLI did not make, such as those that it prints with --no-paginate.
var errNotCLI = errors.New("not a token of the AWS CLI or boto3: a page token of the service itself goes to StartAt")

func parseCLIToken(token string) (cliToken, error) {
	var t cliToken
	if token == "" {
		return t, errors.New("the token is empty, as at the end of a listing")
	}
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return t, errNotCLI
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return t, fmt.Errorf("%w (it holds no JSON object)", errNotCLI)
	}
	if _, ok := members["NextToken"]; !ok {
		return t, errors.New("not a token of this operation: it holds no NextToken; a page token of the service itself goes to StartAt")
	}
	for name := range members {
		if name != "NextToken" && name != "boto_truncate_amount" {
			return t, fmt.Errorf("not a token of this operation: it holds %q", name)
		}
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, errors.New("not a token of this operation: its members are of other types")
	}
	if t.Truncate < 0 {
		return t, errors.New("it skips less than nothing")
	}
	return t, nil
}
