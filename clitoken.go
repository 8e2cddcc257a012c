package backupx

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// cliToken is what the AWS CLI and boto3 put into a starting token.
type cliToken struct {
	NextToken *string `json:"NextToken"`
	Truncate  int     `json:"boto_truncate_amount,omitempty"`
}

// CLIToken is the checkpoint as the AWS CLI's --starting-token and boto3's StartingToken: base64 of
// {"NextToken": …, "boto_truncate_amount": n}. It is empty where the listing has ended. The CLI
// and boto3 know of one chain only: for a listing of several it is [ErrCheckpoint].
func (cp Checkpoint) CLIToken() (string, error) {
	var t cliToken
	if cp.s != nil {
		if cp.s.Done {
			return "", nil
		}
		if len(cp.s.Chains) > 1 || len(cp.s.Windows) > 0 {
			return "", fmt.Errorf("backupx: %w: the AWS CLI's tokens know of one chain, and this listing has several", ErrCheckpoint)
		}
		if p := cp.s.Start; p != nil {
			t = cliToken{NextToken: optional(string(p.Token)), Truncate: p.Skip}
		}
		for p := range maps.Values(cp.s.Chains) {
			t = cliToken{NextToken: optional(string(p.Token)), Truncate: p.Skip}
		}
	}
	b, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("backupx: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b), nil
}

// StartAtCLI begins at a token of the AWS CLI (--starting-token, or the NextToken that it prints) or
// of boto3 (StartingToken, resume_token), in the middle of a page too. Like [Listing.StartAt] it is
// for one chain. The empty token is an error: it is what they give at the end.
func (l Listing[T]) StartAtCLI(token string) Listing[T] {
	t, err := parseCLIToken(token)
	if err != nil {
		return l.broken(fmt.Errorf("StartAtCLI: %w: %w", ErrCheckpoint, err))
	}
	start := position{Skip: t.Truncate}
	if t.NextToken != nil {
		start.Token = *t.NextToken
	}
	l.set.start = &start
	return l
}

func parseCLIToken(token string) (cliToken, error) {
	var t cliToken
	if token == "" {
		return t, errors.New("the token is empty, as at the end of a listing")
	}
	b, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return t, fmt.Errorf("not a token of the AWS CLI: %w", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return t, errors.New("not a token of the AWS CLI: it holds no JSON object")
	}
	if _, ok := members["NextToken"]; !ok {
		return t, errors.New("not a token of this operation: it holds no NextToken")
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
