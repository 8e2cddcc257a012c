package schedule

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// chain is a task of pages that arrive when the test says so.
type chain struct {
	*Task
	answers chan Arrival
}

// newChain returns a chain of a stage. Its requests end with the context of the scope.
func newChain(st *Stage) chain {
	c := chain{answers: make(chan Arrival)}
	c.Task = &Task{
		Scope: st.scope, Stage: st, Notify: func() {},
		Fetch: func(int) Arrival {
			select {
			case a := <-c.answers:
				return a
			case <-st.scope.Context().Done():
				return Arrival{Err: st.scope.Context().Err()}
			}
		},
	}
	return c
}

// answer answers the request that is under way, and waits until the scheduler has seen it.
func (c chain) answer(a Arrival) {
	c.answers <- a
	synctest.Wait()
}

// ranging runs a test over a scheduler in a bubble, and closes the scheduler.
func ranging(t *testing.T, s Settings, f func(t *testing.T, s *Scheduler, root *Scope)) {
	synctest.Test(t, func(t *testing.T) {
		root := NewScope(t.Context(), true)
		if s.Limit == 0 {
			s.Limit = math.MaxInt
		}
		s.Depth = max(1, s.Depth)
		sched := New(s, root)
		f(t, sched, root)
		root.Fail(context.Canceled)
		sched.Close()
	})
}

func (s *Scheduler) underWay(tasks ...*Task) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tasks {
		if t.underWay {
			n++
		}
	}
	return n
}

// A page may be taken before the ranging goroutine is notified of it. If the chain is cut after that page, the
// notification comes for a chain whose rest is read by others.
func TestAChainThatIsCutIsNotDivided(t *testing.T) {
	ranging(t, Settings{Parallel: 4}, func(t *testing.T, s *Scheduler, root *Scope) {
		c := newChain(NewStage(root, nil))
		s.Add(c.Task)
		s.Begin()
		c.answer(Arrival{Page: 1, Items: 1, Left: 100})
		a, out := s.Take(c.Task, true, 1)
		require.Equal(t, []any{1, Got, nil}, []any{a.Page, out, a.Err})
		part := newChain(c.Stage)
		s.AddFirst([]*Task{part.Task})
		s.Cut(c.Task, 0, []*Task{part.Task}, 1)
		page, _ := s.MayDivide(c.Task)
		require.Nil(t, page, "the chain does not wait to be considered")
	})
}

func TestTheAttemptsOfARequestHaveTheirOwnTimes(t *testing.T) {
	ranging(t, Settings{Parallel: 8}, func(t *testing.T, s *Scheduler, root *Scope) {
		st := NewStage(root, nil)
		var tasks []*Task
		for range 8 {
			c := newChain(st)
			tasks = append(tasks, c.Task)
			s.Add(c.Task)
		}
		s.Begin()
		first := s.Attempt(tasks[0])
		hedge := s.Attempt(tasks[0]) // of the same request
		first(true)
		require.Equal(t, 4, root.throttle.allowed)
		hedge(true)
		require.Equal(t, 4, root.throttle.allowed, "both attempts were sent before the number was halved")
		s.Attempt(tasks[0])(true)
		require.Equal(t, 2, root.throttle.allowed)
	})
}

func TestManyChainsThatWereNotStartedEndTogether(t *testing.T) {
	ranging(t, Settings{Parallel: 2}, func(t *testing.T, s *Scheduler, root *Scope) {
		source := root.Within(0)
		st, other := NewStage(source, nil), NewStage(root, nil)
		var tasks []*Task
		for range 10_000 {
			tasks = append(tasks, newChain(st).Task)
		}
		s.AddFirst(tasks)
		last := newChain(other)
		s.Add(last.Task)
		s.Begin()
		require.Equal(t, 2, s.underWay(tasks...))
		source.Fail(errors.New("no"))
		synctest.Wait()
		s.Drop(source)
		require.Empty(t, source.tasks)
		require.Equal(t, []*Task{last.Task}, root.tasks, "chains that are over are not kept")
		require.Equal(t, 1, s.underWay(last.Task))
		require.Zero(t, s.unstarted)
	})
}

func TestANeededChainStartsOutOfTurn(t *testing.T) {
	ranging(t, Settings{Parallel: 1}, func(t *testing.T, s *Scheduler, root *Scope) {
		st := NewStage(root, nil)
		a, b, c := newChain(st), newChain(st), newChain(st)
		for _, x := range []chain{a, b, c} {
			s.Add(x.Task)
		}
		s.Begin()
		none, out := s.Take(b.Task, true, 1)
		require.Equal(t, []any{Pending, nil}, []any{out, none.Err})
		require.Equal(t, 1, s.underWay(a.Task, b.Task), "no more than Parallel")
		a.answer(Arrival{Page: "a", Items: 1, Last: true})
		require.Equal(t, 1, s.underWay(b.Task))
		b.answer(Arrival{Page: "b", Items: 1, Last: true})
		require.Zero(t, s.underWay(c.Task), "neither page was taken")
		for want, x := range map[string]chain{"a": a, "b": b} {
			a, _ := s.Take(x.Task, true, 1)
			require.Equal(t, want, a.Page)
			s.Took(x.Task, 0)
		}
		require.Equal(t, 1, s.underWay(c.Task))
	})
}

func TestStagesStartInTheOrderOfTheListing(t *testing.T) {
	ranging(t, Settings{Parallel: 3}, func(t *testing.T, s *Scheduler, root *Scope) {
		first := NewStage(root, nil)
		second := NewStage(root, first)
		a, b, c := newChain(first), newChain(first), newChain(second)
		for _, x := range []chain{a, b, c} {
			s.Add(x.Task)
		}
		s.Begin()
		require.Equal(t, 2, s.underWay(a.Task, b.Task, c.Task))
		require.Zero(t, s.underWay(c.Task))
		for _, x := range []chain{a, b} {
			x.answer(Arrival{Page: 1, Items: 1, Last: true})
			a, _ := s.Take(x.Task, true, 1)
			require.NoError(t, a.Err)
			require.Zero(t, s.underWay(c.Task))
			s.Took(x.Task, 0)
		}
		require.Equal(t, 1, s.underWay(c.Task))
	})
}

func TestAnErrorComesAfterThePages(t *testing.T) {
	no := errors.New("no")
	for name, last := range map[string]Arrival{
		"no page":           {Err: no},
		"no way to request": {Page: 2, Items: 1, After: no},
	} {
		ranging(t, Settings{Parallel: 1, Depth: 3}, func(t *testing.T, s *Scheduler, root *Scope) {
			c := newChain(NewStage(root, nil))
			s.Add(c.Task)
			s.Begin()
			c.answer(Arrival{Page: 1, Items: 1})
			c.answer(last)
			got := []any{}
			for {
				a, out := s.Take(c.Task, true, 1)
				if out != Got {
					require.Equal(t, Ended, out, name)
					require.Equal(t, no, a.Err, name)
					break
				}
				got = append(got, a.Page)
				s.Took(c.Task, 0)
			}
			want := []any{1}
			if last.Page != nil {
				want = append(want, 2)
			}
			require.Equal(t, want, got, name)
		})
	}
}

func TestAPacedRequestWaitsForItsTime(t *testing.T) {
	ranging(t, Settings{Parallel: 4}, func(t *testing.T, s *Scheduler, root *Scope) {
		st := NewStage(root, nil)
		pacers := []*Pacer{NewPacer(2), NewPacer(1)} // the slower one counts
		var tasks []*Task
		for range 3 {
			c := newChain(st)
			c.Pacers = pacers
			tasks = append(tasks, c.Task)
			s.Add(c.Task)
		}
		s.Begin()
		for i := range tasks {
			synctest.Wait()
			require.Equal(t, i+1, s.underWay(tasks...))
			time.Sleep(time.Second)
		}
	})
}

// Chains that wait until pages are taken will need requests. A chain is split for the requests that are left, in whichever
// order the pages are taken.
func TestAChainIsSplitForTheRequestsThatWaitingChainsDoNotNeed(t *testing.T) {
	for waiting, idle := range []int{2, 1, 0, 0} {
		ranging(t, Settings{Parallel: 3}, func(t *testing.T, s *Scheduler, root *Scope) {
			st := NewStage(root, nil)
			long, b, c := newChain(st), newChain(st), newChain(st)
			for _, x := range []chain{long, b, c} {
				s.Add(x.Task)
			}
			for range waiting {
				s.Add(newChain(st).Task)
			}
			s.Begin()
			b.answer(Arrival{Page: 1, Items: 1, Last: true})
			c.answer(Arrival{Page: 1, Items: 1, Last: true})
			long.answer(Arrival{Page: 1, Items: 1, Left: 10})
			s.Take(long.Task, true, 1)
			require.Equal(t, idle, s.MayCut(long.Task), "%d chains wait", waiting)
		})
	}
}
