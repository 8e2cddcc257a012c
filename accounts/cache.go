package accounts

import "sync"

// cache keeps the clients that were used lately: at least the last 512 and at most 1,024. A client that is made anew
// loses what the SDK remembers of its retries, so those under way have to stay.
type cache struct {
	mu     sync.Mutex
	recent map[cacheKey]any // used since older was replaced
	older  map[cacheKey]any
}

// cacheKey is a source and the type of a client, as its nil value.
type cacheKey struct {
	of   *source
	kind any
}

const recentClients = 512

// get returns the client of a key, and creates it if it was not used lately.
func (c *cache) get(key cacheKey, create func() any) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if client, ok := c.recent[key]; ok {
		return client
	}
	client, ok := c.older[key]
	if !ok {
		client = create()
	}
	if len(c.recent) >= recentClients || c.recent == nil {
		c.older, c.recent = c.recent, map[cacheKey]any{}
	}
	c.recent[key] = client
	return client
}
