package backupx

import (
	"time"

	"github.com/aws/smithy-go/middleware"
)

// page is one response. Filters and functions look at an item just before its delivery.
type page[T any] struct {
	n        int                        // items that the service sent
	at       func(i int) (*T, bool)     // item i, valid until the next call, and whether it is kept
	raw      func(i int) (*T, bool)     // item i as the service sent it
	key      func(i int) (uint64, bool) // the identity of item i; nil if nothing compares items
	next     string
	metadata middleware.Metadata
	took     time.Duration
	loops    bool  // next was followed before
	shown    shown // what the pages of the chain have shown of its window, with this one
}

func pageOf[T any](items []T, next string, md middleware.Metadata) page[T] {
	item := func(i int) (*T, bool) { return &items[i], true }
	return page[T]{n: len(items), at: item, raw: item, next: next, metadata: md}
}

// identify gives the items their identities.
func (p *page[T]) identify(id func(*T) *string) {
	p.key = func(i int) (uint64, bool) {
		v, _ := p.raw(i)
		if s := id(v); s != nil {
			return hash(*s), true
		}
		return 0, false
	}
}

// keep drops the items for which a function returns false.
func (p *page[T]) keep(f func(*T) bool) {
	raw := p.raw
	p.at = func(i int) (*T, bool) {
		v, _ := raw(i)
		return v, f(v)
	}
}
