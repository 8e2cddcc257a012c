package main

import (
	"fmt"
	"image/color"
	"strings"
)

// ink is a colour by its role. A picture is drawn with stand-ins, which [clean] turns into classes: the
// page's style sheet has the colours, one set for light and one for dark.
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

// inks are all roles; the place of each is its stand-in.
func inks() []ink {
	return []ink{
		inkText, inkFaint, inkGrid, inkPaper, inkAccent, inkSoft,
		inkCompleted, inkRunning, inkWaiting, inkPartial, inkFailed, inkExpired, inkAborted,
		inkHeat1, inkHeat2, inkHeat3, inkHeat4, inkHeat5, inkHotText,
	}
}

// RGBA is the stand-in.
func (k ink) RGBA() (r, g, b, a uint32) { return k.standIn().RGBA() }

func (k ink) standIn() color.NRGBA {
	for i, other := range inks() {
		if k == other {
			return color.NRGBA{R: 0x10, G: uint8(i), B: 0x01, A: 0xff}
		}
	}
	panic("no ink is named " + string(k))
}

// inkOf is the role that a stand-in, #RRGGBB, stands for.
func inkOf(hex string) (ink, error) {
	for _, k := range inks() {
		c := k.standIn()
		if strings.EqualFold(hex, fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)) {
			return k, nil
		}
	}
	return "", fmt.Errorf("the colour %q has no role", hex)
}
