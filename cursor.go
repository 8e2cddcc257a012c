package backupx

import (
	"context"
	"fmt"
	"iter"
)

// Cursor is one traversal of a listing that remembers its position. Each range over a Listing starts at the
// beginning; a range over [Cursor.All] starts where the previous one stopped, after a break or an error, even
// in the middle of a page. With [Listing.Limit] each range delivers the next batch. A Cursor must be used by
// one goroutine only. [Listing.Cursor] and [Listing.Resume] return cursors; a range over the zero value
// yields an error.
type Cursor[T any] struct {
	l  Listing[T]
	st *state
}

// Cursor returns a new traversal of the listing. It sends no request before its first range.
func (l Listing[T]) Cursor() *Cursor[T] { return &Cursor[T]{l: l, st: newState()} }

// Resume returns a traversal that starts at a checkpoint. Its settings, such as the page size and the limit,
// are those of this listing, and may differ from the settings under which the checkpoint was made. The zero
// Checkpoint is the start of the listing.
//
// The error is a [*ListError], and no request is sent. It wraps [ErrCheckpoint] if the checkpoint comes from
// another operation, filter, input or scope, or from other listings, and says what differs, with the values of both
// sides; or if a repeated page token ended its listing and left no position to resume from. Sources of a fleet are
// matched by name, see [Checkpoint]. An invalid listing is an error too.
//
// If the data has not changed, resuming delivers exactly the items that were not delivered before.
func (l Listing[T]) Resume(cp Checkpoint) (*Cursor[T], error) {
	c := l.Cursor()
	err := c.restore(cp)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return nil, &ListError{Operation: l.operation(), Checkpoint: cp, Err: err}
	}
	return c, nil
}

// restore moves the cursor to the position of a checkpoint.
func (c *Cursor[T]) restore(cp Checkpoint) error {
	if cp.s == nil {
		return nil
	}
	st, err := cp.s.state(c.l.identity())
	if err != nil {
		return err
	}
	if s := cp.s.Start; s != nil {
		if s.Loop {
			return errNowhere
		}
		c.l = c.l.startAt(position{Token: string(s.Token), Skip: s.Skip})
	}
	c.st = st
	return nil
}

// check reports the error with which a range would fail before its first request.
func (c *Cursor[T]) check() error { return c.l.check(c.st) }

// All ranges over the items that were not delivered yet. An item is delivered when it is yielded: a range
// from a checkpoint that was taken in the body of the loop does not deliver the current item again. After the
// end of the listing a range yields nothing. A range inside another range over the same cursor yields an
// error.
func (c *Cursor[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { c.l.items(ctx, c.state(), yield) }
}

// Checkpoint returns the current position.
func (c *Cursor[T]) Checkpoint() Checkpoint { return c.l.checkpoint(c.state()) }

// Restart makes a cursor continue whose last range ended with [ErrTokenExpired]. The next range reads each chain, or each
// window of creation time, whose page token was refused anew, and continues the others. It ends with ErrTokenExpired again
// if the token of another chain has died: call Restart again. What was not delivered is delivered. What was delivered comes
// again only as far as the cursor cannot tell:
//
//   - Jobs that came newest first are not repeated: the chain is read from the creation time of the last job on. If more
//     than 16 jobs of that moment were delivered, these come again.
//   - Otherwise the cursor passes over the ids that it remembers: those of the chain's last page, and if the filter has
//     several states those of jobs that could still change. A cursor that was resumed from a checkpoint has the ids of
//     listings with several states only.
//
// Restart sends nothing. It fails, and changes nothing, if no token was refused, if the items have no ids ([List],
// [FromOperation]), or if the listing began at a token ([Listing.StartAt]).
func (c *Cursor[T]) Restart() error {
	if err := c.state().restart(); err != nil {
		return &ListError{Operation: c.l.operation(), Checkpoint: c.Checkpoint(), Err: fmt.Errorf("Restart: %w", err)}
	}
	return nil
}

// Failed returns the sources of a fleet, or the services of an inventory, that have failed in the last range, also if the
// loop was left before its end. In the body of a loop it returns those that have failed so far.
func (c *Cursor[T]) Failed() SourceErrors { return c.state().lastFailures() }

// state returns the position. The zero Cursor gets an empty one, and its listing reports the error.
func (c *Cursor[T]) state() *state {
	if c.st == nil {
		c.st = newState()
	}
	return c.st
}
