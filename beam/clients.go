package backupxbeam

import (
	"context"
	"fmt"
	"sync"

	"github.com/backupx-go/backupx"
)

// Clients says how workers make clients. The pipeline carries it, so it must not hold a secret. The factory
// starts from the worker's own identity.
type Clients struct {
	// Factory is the name of a factory, as passed to RegisterClients.
	Factory string
	// Config is the text that the factory receives, such as the name of a role. It must not be a credential.
	Config string
}

// NewClient makes the client of a source, on the worker. config is [Clients.Config]. If it returns an error,
// as it should for an unknown source, the shard becomes a dead letter. The worker keeps the client for other
// shards of the source. If AWS throttles the requests, give the client the SDK's adaptive retry mode.
type NewClient func(ctx context.Context, config, source string) (backupx.Client, error)

// factories holds the registered factories by name. The worker runs the same program as the launcher, so it
// finds by its name the function that the pipeline cannot carry. Beam registers functions in the same way.
var factories sync.Map

// RegisterClients registers a factory under a name. Call it in an init function, because the pipeline is
// built in one process and runs in others. It panics if the name is already registered.
func RegisterClients(name string, newClient NewClient) {
	if _, taken := factories.LoadOrStore(name, newClient); taken {
		panic(fmt.Sprintf("backupxbeam: the factory %q is registered twice", name))
	}
}

// factory returns the registered factory, or an error if no factory has the name.
func (c Clients) factory() (NewClient, error) {
	if f, ok := factories.Load(c.Factory); ok {
		return f.(NewClient), nil
	}
	return nil, fmt.Errorf("backupxbeam: no factory %q is registered: call RegisterClients in an init function", c.Factory)
}

// maxClients limits the clients that a pool keeps. A client takes some tens of kilobytes, and there can be
// hundreds of thousands of sources.
const maxClients = 256

// pool keeps clients by source. A worker has one pool for each bundle that it runs at the same time, and the
// next bundle uses it again. It is emptied when it holds maxClients.
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
