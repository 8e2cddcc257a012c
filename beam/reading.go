package backupxbeam

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.DoFn4x1[context.Context, Shard, func(string, []byte), func(DeadLetter), error](&listFn{})
	register.Emitter2[string, []byte]()
}

// listFn lists shards. What it found it emits by source and id, as JSON.
type listFn struct {
	Operation string
	Clients   Clients
	Options   Options

	list kind
	pool pool
}

// Setup finds on the worker what cannot travel.
func (f *listFn) Setup() error {
	newClient, err := f.Clients.factory()
	if err != nil {
		return err
	}
	f.pool = pool{newClient: newClient, config: f.Clients.Config}
	if f.list = kindOf(f.Operation); f.list == nil {
		return fmt.Errorf("backupxbeam: no transform is named %q", f.Operation)
	}
	return nil
}

// ProcessElement lists one shard. Its failure is a dead letter, unless the bundle is being given up: then
// the runner runs it again.
func (f *listFn) ProcessElement(ctx context.Context, shard Shard, emit func(string, []byte), dead func(DeadLetter)) error {
	shards.Inc(ctx, 1)
	r := &reading{shard: shard, options: f.Options, emit: emit}
	err := f.read(ctx, r)
	items.Inc(ctx, int64(r.delivered))
	throttles.Inc(ctx, r.throttled.Load())
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	deadLetters.Inc(ctx, 1)
	dead(DeadLetter{Operation: f.Operation, Shard: r.shard, Reason: reason(f.Operation, err), Delivered: r.delivered})
	return nil
}

func (f *listFn) read(ctx context.Context, r *reading) error {
	if err := r.shard.check(); err != nil {
		return err
	}
	client, err := f.pool.client(ctx, r.shard.Source)
	if err != nil {
		return err
	}
	return f.list(ctx, metered(client, &r.throttled), r)
}

// reading is a shard that is being listed.
type reading struct {
	shard     Shard // its checkpoint moves on
	options   Options
	emit      func(key string, record []byte)
	delivered int
	throttled atomic.Int64 // requests may be under way side by side
}

// deliver emits a record under what tells it apart: its id within its source.
func (r *reading) deliver(id string, record any) error {
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("a record has no JSON: %w", err)
	}
	if id == "" {
		id = string(text)
	}
	r.emit(r.shard.Source+"\x00"+id, text)
	r.delivered++
	return nil
}

// Options are how shards are listed; the zero value is right for most.
type Options struct {
	// PageSize is how many items a request asks for; 0 for the service's maximum.
	PageSize int
	// Parallel is how many requests of one shard may be under way; 0 for one. Many shards are under way
	// side by side in any case.
	Parallel int
	// Rate is how many requests of one shard begin within a second at most; 0 sets no bound. AWS Backup's
	// quota is one of an account and region: divide it by the shards of a source that are under way.
	Rate float64
}

func (o Options) check() error {
	if o.PageSize < 0 || o.Parallel < 0 || o.Rate < 0 {
		return fmt.Errorf("backupxbeam: %+v: an option is below zero", o)
	}
	return nil
}
