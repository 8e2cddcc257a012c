package main

// ink is the role of a colour. The style sheet of the page has the colour of each role, in a light and a dark
// set.
type ink string

// The roles.
const (
	inkText      ink = "text"
	inkFaint     ink = "faint" // less important text
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
	inkHotText   ink = "hottext" // text on the last two heats
)

// RGBA makes ink a [color.Color], which the charting library takes. Its result is not used: a [canvas] draws
// with the role.
func (ink) RGBA() (r, g, b, a uint32) { return 0, 0, 0, 0xffff }
