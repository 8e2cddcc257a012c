package main

// ink is a colour by its role. The page's style sheet has the colours, one set for light and one for dark.
type ink string

// The roles.
const (
	inkText      ink = "text"
	inkFaint     ink = "faint" // text that matters less
	inkGrid      ink = "grid"
	inkPaper     ink = "paper"
	inkAccent    ink = "accent"
	inkSoft      ink = "soft"
	inkCompleted ink = "completed"
	inkRunning   ink = "running"
	inkWaiting   ink = "waiting"
	inkPartial   ink = "partial"
	inkFailed    ink = "failed"
	inkExpired   ink = "expired"
	inkAborted   ink = "aborted"
	inkHeat1     ink = "heat1"
	inkHeat2     ink = "heat2"
	inkHeat3     ink = "heat3"
	inkHeat4     ink = "heat4"
	inkHeat5     ink = "heat5"
	inkHotText   ink = "hottext" // on the last heats
)

// RGBA makes a role pass for a colour where the charting library takes one. What it says is not used: a
// [canvas] draws with the role.
func (ink) RGBA() (r, g, b, a uint32) { return 0, 0, 0, 0xffff }
