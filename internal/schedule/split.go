package schedule

// A chain may be split: other chains read what is left of it. A chain of which nothing was taken is divided. A chain
// that ends after the page that was just taken is cut. The caller decides where to split a chain; the methods in this
// file decide whether it may be split, and for how many requests.

const (
	// LeastLeft is how many pages a chain must have left to be split: one page is read in one round, as the parts are.
	LeastLeft = 1.1
	// leastShare is the least part of the pages of any other chain of its source that a chain must have left to be
	// split. Otherwise a short chain would take the requests that a long one needs.
	leastShare = 1.0 / 3
)

// MayDivide returns the first page of a chain that waits to be considered, and for how many requests that nothing needs
// the chain may be divided. [Scheduler.Divided] or [Scheduler.Continue] has to follow. The page is nil if the chain does
// not wait.
func (s *Scheduler) MayDivide(t *Task) (page any, idle int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.phase != active || !t.paused {
		return nil, 0
	}
	return t.pages[0].Page, s.idle(t)
}

// MayCut returns for how many requests that nothing needs a chain may be cut after the page that Take returned.
func (s *Scheduler) MayCut(t *Task) (idle int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.spent || t.underWay || t.listed || len(t.pages) != 1 || t.left < LeastLeft {
		return 0
	}
	return s.idle(t)
}

// Continue requests the next page of a chain that waited to be considered and is not divided.
func (s *Scheduler) Continue(t *Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume(t)
}

func (s *Scheduler) resume(t *Task) {
	t.paused = false
	s.want(t)
	s.schedule()
}

// idle returns how many requests nothing needs, so that the chain may be split for them: no more than the share of its
// source. Chains that were not started need them too, as soon as pages are taken. It is 0 if the chain seems to have far
// fewer pages left than another one.
func (s *Scheduler) idle(t *Task) int {
	idle := min(s.set.Parallel-s.reading-s.unstarted, s.room(t))
	if idle <= 0 {
		return 0
	}
	sources := map[*Scope]bool{t.Scope: true}
	for _, o := range s.root.tasks {
		if o == t || o.phase == unstarted || o.phase == over {
			continue
		}
		if o.Scope == t.Scope && t.left < leastShare*o.left {
			return 0
		}
		sources[o.Scope] = true
	}
	if len(sources) > 1 {
		idle = min(idle, s.set.Parallel/len(sources)-t.Scope.active)
	}
	return idle
}

// room returns how many more chains of the source of a task may have a request under way, as far as the bounds, the
// throttling and the rates of the source permit.
func (s *Scheduler) room(t *Task) int {
	room := s.set.Parallel
	for sc := range t.Scope.outwards() {
		if sc.requests > 0 {
			room = min(room, sc.requests-sc.active)
		}
	}
	if allowed := t.Scope.throttle.allowed; allowed > 0 {
		room = min(room, allowed-t.Scope.active)
	}
	for _, p := range t.Pacers {
		room = min(room, p.feeds(t.took)-s.reading)
	}
	return room
}

// Divided ends a chain that others replace.
func (s *Scheduler) Divided(t *Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(t)
	s.schedule()
}

// Cut takes the page that Take returned, as [Scheduler.Took] does, and stops the chain. It requests the first page of
// the first of the parts that are to replace the rest of the chain. Nothing of the parts is visible before
// [Scheduler.Settle]. The arguments repeated and items are those of [Scheduler.Took] and [Scheduler.Take].
func (s *Scheduler) Cut(t *Task, repeated int, parts []*Task, items int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(t, -1)
	t.phase, t.paused = parked, true
	s.release(t, repeated)
	s.need(parts[0], items)
	s.schedule()
}

// First returns the first page of a chain that the range has not taken, nil if there is none.
func (s *Scheduler) First(t *Task) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(t.pages) == 0 {
		return nil
	}
	return t.pages[0].Page
}

// Settle says whether a cut is right. If it is, [Scheduler.Divided] has to follow. Otherwise Settle drops the parts, and
// the chain continues. If the context has ended, the chain ends with the error of the first part.
func (s *Scheduler) Settle(t *Task, parts []*Task, right bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		p.repeatCrash()
	}
	next := parts[0]
	if !right {
		next = t
		for _, p := range parts {
			s.finish(p)
		}
	}
	if t.phase == parked {
		t.phase = active
		s.count(t, 1)
		if end := parts[0].end; !right && end != nil && t.Scope.ctx.Err() != nil {
			s.end(t, end) // the chain has no request of its own that could say why
		}
	}
	s.resume(next) // the first part is not divided, because it drops items that the chain has delivered
}
