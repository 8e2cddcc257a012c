package backupxbeam

import (
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
	beam.RegisterCoder(reflect.TypeFor[Shard](), encodeJSON, decodeJSON)
	register.DoFn2x0[string, func(Shard)](&crossFn{})
	register.DoFn3x0[string, func(Shard), func(DeadLetter)](&parseFn{})
	register.Emitter1[Shard]()
}

// Shard is one piece of a listing: a filter and the source to which it is applied. It is encoded as JSON.
type Shard struct {
	// Source names an account and region in a form that the client factory understands.
	Source string `json:"source"`
	// Filter is the JSON of a filter. It is required: {} lists everything.
	Filter json.RawMessage `json:"filter,omitempty"`
	// Checkpoint is the position at which the listing continues; the zero value is the start. It is valid
	// only for the source, the filter and the operation from which it was taken.
	Checkpoint backupx.Checkpoint `json:"checkpoint,omitzero"`
}

// NewShard returns the shard of a filter, from its start. It fails if the filter has no JSON form.
func NewShard(source string, filter json.Marshaler) (Shard, error) {
	text, err := filter.MarshalJSON()
	if err != nil {
		return Shard{}, fmt.Errorf("backupxbeam: %w", err)
	}
	return Shard{Source: source, Filter: text}, nil
}

// MarshalJSON encodes the shard as a JSON object. A filter that is not valid JSON becomes a JSON string. That
// is not a filter either, so the malformed shard still reaches the transform that reports it.
func (s Shard) MarshalJSON() ([]byte, error) {
	type plain Shard
	if s.Filter != nil && !json.Valid(s.Filter) {
		text, err := json.Marshal(string(s.Filter))
		if err != nil {
			return nil, err
		}
		s.Filter = text
	}
	return json.Marshal(plain(s))
}

// UnmarshalJSON decodes what MarshalJSON encodes. An unknown member is an error, because ignoring it could
// list more than intended.
func (s *Shard) UnmarshalJSON(text []byte) error {
	type plain Shard
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var p plain
	if err := d.Decode(&p); err != nil {
		return err
	}
	*s = Shard(p)
	return nil
}

// Cross returns a collection with one [Shard] for every pair of a source and a filter. sources is a
// collection of strings. The workers make the shards, so the pipeline carries the filters only once.
//
// It panics if a filter has no JSON form. Beam's own transforms also panic if a pipeline cannot be built.
func Cross[F json.Marshaler](s beam.Scope, sources beam.PCollection, filters []F) beam.PCollection {
	fn := &crossFn{}
	for _, f := range filters {
		shard, err := NewShard("", f)
		if err != nil {
			panic(err)
		}
		fn.Filters = append(fn.Filters, string(shard.Filter))
	}
	return beam.ParDo(s.Scope("backupxbeam.Cross"), fn, sources)
}

type crossFn struct{ Filters []string }

func (f *crossFn) ProcessElement(source string, emit func(Shard)) {
	for _, text := range f.Filters {
		emit(Shard{Source: source, Filter: json.RawMessage(text)})
	}
}

// ParseShards decodes a collection of strings, each a line of JSON, into a collection of [Shard]. A line that
// is not a shard becomes a [DeadLetter]. Blank lines are skipped.
func ParseShards(s beam.Scope, lines beam.PCollection) (shards, dead beam.PCollection) {
	return beam.ParDo2(s.Scope("backupxbeam.ParseShards"), &parseFn{}, lines)
}

type parseFn struct{}

func (*parseFn) ProcessElement(line string, emit func(Shard), dead func(DeadLetter)) {
	shard, err := parseShard(line)
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		dead(DeadLetter{Operation: "ParseShards", Text: line, Reason: reason("ParseShards", err)})
	default:
		emit(shard)
	}
}

// parseShard decodes the shard of one line. It returns io.EOF for a blank line.
func parseShard(line string) (Shard, error) {
	text := bytes.TrimSpace([]byte(line))
	if len(text) == 0 {
		return Shard{}, io.EOF
	}
	var shard Shard
	if err := json.Unmarshal(text, &shard); err != nil {
		return Shard{}, fmt.Errorf("malformed shard: %w", err)
	}
	return shard, shard.check()
}

// check returns an error if the source or the filter is missing.
func (s Shard) check() error {
	switch {
	case s.Source == "":
		return errors.New("malformed shard: it has no source")
	case len(s.Filter) == 0:
		return errors.New("malformed shard: it has no filter; {} lists everything")
	}
	return nil
}
