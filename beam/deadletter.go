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

// DeadLetter is a shard that was not listed completely. Its JSON fits on one line of a file.
type DeadLetter struct {
	// Operation is the transform that failed, such as ListBackupJobs.
	Operation string `json:"operation"`
	// Shard is the rest of the shard. The same transform continues it at its checkpoint.
	Shard Shard `json:"shard"`
	// Text is the line that could not be read as a shard, if that is the reason.
	Text string `json:"text,omitempty"`
	// Reason is the error, for people to read. It contains no tokens, credentials or signatures.
	Reason string `json:"reason"`
	// Delivered is the number of records of the shard that this run listed.
	Delivered int `json:"delivered"`
}

// Afresh returns the shard without its checkpoint, to list it from the start. Use it if the checkpoint cannot
// be continued, because the service no longer accepts its token or repeats it.
func (d DeadLetter) Afresh() Shard {
	shard := d.Shard
	shard.Checkpoint = backupx.Checkpoint{}
	return shard
}

// ReadDeadLetters reads dead letters from lines of JSON. It skips blank lines. With an error it returns the
// dead letters before it.
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

// reason returns the text of an error. A ListError leaves secrets out of its text, so other errors are
// wrapped in one.
func reason(operation string, err error) string {
	var listed *backupx.ListError
	if !errors.As(err, &listed) {
		listed = &backupx.ListError{Operation: operation, Err: err}
	}
	return listed.Error()
}
