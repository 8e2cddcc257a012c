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

// listFn lists shards. It emits each record as JSON, with the source and the id of the item as the key.
type listFn struct {
	Operation string
	Clients   Clients
	Options   Options

	list kind
	pool pool
}

// Setup finds the factory and the kind, which the pipeline cannot carry, by their names on the worker.
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

// ProcessElement lists one shard and emits a dead letter if that fails. It returns an error only if the
// bundle is being cancelled; the runner then runs the bundle again.
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
	shard     Shard // after an error its checkpoint says where to continue
	options   Options
	emit      func(key string, record []byte)
	delivered int
	throttled atomic.Int64 // atomic because requests can run in parallel
}

// deliver emits a record with its source and id as the key. A record without an id has its JSON as the id.
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

// Options says how shards are listed. The zero value is right for most pipelines.
type Options struct {
	// PageSize is the number of items that a request asks for; 0 for the service's maximum.
	PageSize int
	// Parallel is the number of requests of one shard that can run at the same time; 0 for one. The runner
	// lists several shards at the same time in any case.
	Parallel int
	// Rate limits the requests of one shard that start in a second; 0 sets no limit. AWS Backup's quota
	// applies to an account and region: divide it by the number of shards of a source that are listed at the
	// same time.
	Rate float64
}

func (o Options) check() error {
	if o.PageSize < 0 || o.Parallel < 0 || o.Rate < 0 {
		return fmt.Errorf("backupxbeam: %+v: an option is below zero", o)
	}
	return nil
}
