package backupxbeam

import (
	"context"
	"fmt"
	"sync"

	"github.com/backupx-go/backupx"
)

// Clients says how clients are made. It travels in the pipeline, so it holds no secret: the worker's
// own identity is what the factory begins with.
type Clients struct {
	// Factory is a name that was given to RegisterClients.
	Factory string
	// Config is what the factory is told: the name of a role, say. Never a credential.
	Config string
}

// NewClient makes the client of a source, on the worker. An error makes a dead letter of the shard; it
// is what to return for a source that is unknown. The worker keeps the client for other shards of the
// source. For throttling, give it the SDK's adaptive retry mode.
type NewClient func(ctx context.Context, config, source string) (backupx.Client, error)

// factories are what was registered, as Beam registers functions: the worker runs the same program, and
// finds by its name what cannot travel.
var factories sync.Map

// RegisterClients makes a factory known under a name. Call it in an init function: the pipeline is built
// in one process and runs in others. It panics if the name is taken.
func RegisterClients(name string, newClient NewClient) {
	if _, taken := factories.LoadOrStore(name, newClient); taken {
		panic(fmt.Sprintf("backupxbeam: the factory %q is registered twice", name))
	}
}

// factory is the one that was registered.
func (c Clients) factory() (NewClient, error) {
	if f, ok := factories.Load(c.Factory); ok {
		return f.(NewClient), nil
	}
	return nil, fmt.Errorf("backupxbeam: no factory %q is registered: call RegisterClients in an init function", c.Factory)
}

// maxClients is how many clients a worker keeps for each bundle under way. A client is some tens of
// kilobytes; there may be hundreds of thousands of sources.
const maxClients = 256

// pool keeps the clients of one bundle after another.
type pool struct {
	newClient NewClient
	config    string
	kept      map[string]backupx.Client
}

func (p *pool) client(ctx context.Context, source string) (backupx.Client, error) {
	if c, ok := p.kept[source]; ok {
		return c, nil
	}
	c, err := p.newClient(ctx, p.config, source)
	if err != nil {
		return backupx.Client{}, fmt.Errorf("no client of %q: %w", source, err)
	}
	if p.kept == nil || len(p.kept) == maxClients {
		p.kept = map[string]backupx.Client{}
	}
	p.kept[source] = c
	return c, nil
}
