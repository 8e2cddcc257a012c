package cli_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// since parses the arguments of a program that has -since, and returns its time at noon.
func since(value string, args ...string) (time.Time, error) {
	var live bool
	var s cli.Since
	now := time.Date(2026, time.November, 26, 12, 0, 0, 500, time.UTC)
	f := cli.NewFlags("ask", "Asks.\n", "Exit status: 0.\n", &live)
	f.SinceVar(&s, value, "only jobs created")
	var at time.Time
	err := f.Parse(args, io.Discard, func(*cli.Flags) (err error) {
		at, err = s.From(now.In(time.FixedZone("", 3600)))
		return err
	})
	return at, err
}

func TestSinceTakesDurationsDatesAndTimes(t *testing.T) {
	for text, want := range map[string]string{
		"36h":                       "2026-11-25T00:00:00Z",
		"2d":                        "2026-11-24T12:00:00Z",
		"1w":                        "2026-11-19T12:00:00Z",
		"1w1d12h30m":                "2026-11-17T23:30:00Z",
		"30d":                       "2026-10-27T12:00:00Z",
		"720h":                      "2026-10-27T12:00:00Z",
		"0s":                        "2026-11-26T12:00:00Z",
		"2026-11-01":                "2026-11-01T00:00:00Z",
		"2026-11-26T13:00:00+01:00": "2026-11-26T12:00:00Z",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := since("", "-since", text)
			require.NoError(t, err)
			require.Equal(t, want, got.Format(time.RFC3339Nano))
		})
	}
	got, err := since("24h")
	require.NoError(t, err)
	require.Equal(t, "2026-11-25T12:00:00Z", got.Format(time.RFC3339Nano), "the default")
	got, err = since("")
	require.NoError(t, err)
	require.Zero(t, got)
}

func TestSinceRefusesWhatCannotBeMeant(t *testing.T) {
	takes := `for flag -since: it takes a duration, a date or a time: 36h, 2d, 2026-11-01, 2026-11-01T06:00:00Z (-h for help)`
	for text, want := range map[string]string{
		"":                     `invalid value "" ` + takes,
		"2":                    `invalid value "2" ` + takes,
		"d":                    `invalid value "d" ` + takes,
		"yesterday":            `invalid value "yesterday" ` + takes,
		"2d-3h":                `invalid value "2d-3h" ` + takes,
		"9999w2562047h":        `invalid value "9999w2562047h" ` + takes,
		"12345d":               `invalid value "12345d" ` + takes,
		"2026-11-31":           `invalid value "2026-11-31" ` + takes,
		"2026-11-01T06:00":     `invalid value "2026-11-01T06:00" ` + takes,
		"-1h":                  "-since -1h: it is in the future: now is 2026-11-26T12:00:00Z (-h for help)",
		"2026-11-27":           "-since 2026-11-27: it is in the future: now is 2026-11-26T12:00:00Z (-h for help)",
		"31d":                  "-since 31d: AWS keeps jobs for 30 days, now since 2026-10-27T12:00:00Z (-h for help)",
		"9999w9999d":           "-since 9999w9999d: AWS keeps jobs for 30 days, now since 2026-10-27T12:00:00Z (-h for help)",
		"2026-10-27":           "-since 2026-10-27: AWS keeps jobs for 30 days, now since 2026-10-27T12:00:00Z (-h for help)",
		"0001-01-01T00:00:00Z": "-since 0001-01-01T00:00:00Z: AWS keeps jobs for 30 days, now since 2026-10-27T12:00:00Z (-h for help)",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := since("24h", "-since", text)
			require.EqualError(t, err, want)
		})
	}
}
