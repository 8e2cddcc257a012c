package backupx

import (
	"context"
	"fmt"
	"iter"

	"github.com/samber/lo"
)

// Cursor is one traversal of a listing that remembers where it is. Where a Listing's ranges each
// start afresh, a range over [Cursor.All] goes on where the last one stopped: after a break or an
// error, in the middle of a page too. With a limit each range is the next batch. A Cursor is for
// one goroutine. The zero value lists nothing and says so: [Listing.Cursor] and [Listing.Resume] make one.
type Cursor[T any] struct {
	l  Listing[T]
	st *state
}

// Cursor begins a traversal. Nothing is sent before its first range.
func (l Listing[T]) Cursor() *Cursor[T] { return &Cursor[T]{l: l, st: newState()} }

// Resume goes on where a checkpoint was taken, with this listing's page size, limit and so on, which
// may differ from those it was taken with. The zero Checkpoint is the start. It is an error, and
// nothing is sent, where the checkpoint is of another operation, filter or scope, or where there is
// nowhere to go on from ([ErrCheckpoint]), and where the listing itself is at fault.
//
// Over data that has not changed, resuming delivers exactly what was not delivered.
func (l Listing[T]) Resume(cp Checkpoint) (*Cursor[T], error) {
	c := l.Cursor()
	err := c.restore(cp)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return nil, &ListError{Operation: l.src.id.name(), Checkpoint: cp, Err: err}
	}
	return c, nil
}

// restore puts the cursor where a checkpoint was taken.
func (c *Cursor[T]) restore(cp Checkpoint) error {
	if cp.s == nil {
		return nil
	}
	if err := cp.s.matches(c.l.identity()); err != nil {
		return err
	}
	if s := cp.s.Start; s != nil {
		c.l = c.l.StartAt(string(s.Token))
		c.l.set.start.Skip = s.Skip
	}
	st, err := cp.s.state()
	if err == nil {
		c.st = st
	}
	return err
}

// check says whether a range could begin.
func (c *Cursor[T]) check() error {
	st := c.st
	if !st.opened { // the plan is for the range to make
		st = newState()
	}
	t, _, err := c.l.open(context.Background(), st)
	if err != nil {
		return err
	}
	if lo.SomeBy(t.chains, func(p *progress) bool { return p.pos.Loop && p.info.Source == "" }) {
		return fmt.Errorf("%w: %w: there is nowhere to go on from", ErrCheckpoint, ErrTokenLoop)
	}
	return nil
}

// All ranges over the items that were not delivered yet. An item counts as delivered when it is
// yielded: a checkpoint taken in the body of the loop is behind the item at hand. At the end of the
// listing a range yields nothing. Ranging within a range of the same cursor is an error.
func (c *Cursor[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { c.l.items(ctx, c.state(), yield) }
}

// Checkpoint is where the cursor is now.
func (c *Cursor[T]) Checkpoint() Checkpoint { return c.l.checkpoint(c.state()) }

// state is where the cursor is. The zero Cursor has none, and its listing says what is wrong.
func (c *Cursor[T]) state() *state {
	if c.st == nil {
		c.st = newState()
	}
	return c.st
}
