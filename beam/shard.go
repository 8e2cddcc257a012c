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

// Shard is one piece of a listing: what to list of whom. It is plain JSON.
type Shard struct {
	// Source names an account and region, as the factory of the clients understands it.
	Source string `json:"source"`
	// Filter is a filter's JSON. There is no default: {} lists everything.
	Filter json.RawMessage `json:"filter,omitempty"`
	// Checkpoint is where to go on from; the start if it is zero. A checkpoint is bound to the source,
	// the filter and the operation that it was taken of.
	Checkpoint backupx.Checkpoint `json:"checkpoint,omitzero"`
}

// NewShard is the shard of a filter.
func NewShard(source string, filter json.Marshaler) (Shard, error) {
	text, err := filter.MarshalJSON()
	if err != nil {
		return Shard{}, fmt.Errorf("backupxbeam: %w", err)
	}
	return Shard{Source: source, Filter: text}, nil
}

// MarshalJSON is the shard as a JSON object. A filter that is no JSON becomes a JSON string, which is
// no filter either, so that what is malformed gets to where it can be reported.
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

// UnmarshalJSON reads what MarshalJSON wrote. A member that it does not know is an error: to pass it
// over could list more than was meant.
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

// Cross makes the shards of every source and every filter, on the workers: the pipeline carries the
// filters once. sources is a collection of strings.
//
// It panics if a filter has no JSON, as Beam's own transforms do about a pipeline that cannot be built.
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

// ParseShards reads shards from lines of JSON, a collection of strings. Lines that hold no shard are
// dead letters; blank ones are passed over.
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

// parseShard reads the shard of one line; io.EOF says that the line is blank.
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

// check says what is missing.
func (s Shard) check() error {
	switch {
	case s.Source == "":
		return errors.New("malformed shard: it has no source")
	case len(s.Filter) == 0:
		return errors.New("malformed shard: it has no filter; {} lists everything")
	}
	return nil
}
