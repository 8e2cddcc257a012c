package backupxbeam

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/backupx-go/backupx"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[DeadLetter](), encodeJSON, decodeJSON)
	register.Emitter1[DeadLetter]()
}

// DeadLetter is a shard that was not listed to its end. It is plain JSON, one line in a file.
type DeadLetter struct {
	// Operation is the transform that gave the shard up: ListBackupJobs, say.
	Operation string `json:"operation"`
	// Shard is what is left to list: given to the same transform, it goes on at its checkpoint.
	Shard Shard `json:"shard"`
	// Text is what could not be read as a shard, where that is the reason.
	Text string `json:"text,omitempty"`
	// Reason is why, for people. Tokens, credentials and signatures are left out.
	Reason string `json:"reason"`
	// Delivered counts the records that this run got of the shard.
	Delivered int `json:"delivered"`
}

// Afresh is the shard from its start. Take it where the checkpoint is of no use any more: the service
// forgot the token, or repeats it.
func (d DeadLetter) Afresh() Shard {
	shard := d.Shard
	shard.Checkpoint = backupx.Checkpoint{}
	return shard
}

// ReadDeadLetters reads dead letters from lines of JSON. Blank lines are passed over.
func ReadDeadLetters(r io.Reader) ([]DeadLetter, error) {
	var letters []DeadLetter
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var d DeadLetter
			if err := json.Unmarshal(line, &d); err != nil {
				return letters, fmt.Errorf("backupxbeam: dead letters: line %d: %w", n, err)
			}
			letters = append(letters, d)
		}
		if errors.Is(err, io.EOF) {
			return letters, nil
		}
		if err != nil {
			return letters, fmt.Errorf("backupxbeam: dead letters: %w", err)
		}
	}
}

// reason is an error as text. A ListError leaves out what nobody may read, so whatever is not one
// becomes one.
func reason(operation string, err error) string {
	var listed *backupx.ListError
	if !errors.As(err, &listed) {
		listed = &backupx.ListError{Operation: operation, Err: err}
	}
	return listed.Error()
}
