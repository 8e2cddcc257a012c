package cli_test

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

const help = `Usage: ask [flags]

Asks.

  -days n
    	the last n days (default 30)
  -jobs n
    	offline: make up n jobs
  -latency duration
    	offline: each request takes this duration
  -live
    	ask AWS, with your configuration
  -org
    	ask a whole organisation
  -profile name
    	live: the name of a profile
  -region regions
    	live or -org: the regions to ask
  -unit id
    	-org: the id of a unit
  -wait duration
    	wait this duration (default 5m0s)

Exit status: 0 done; 2 not.
`

// ask parses the flags of a program that exists in this test only, and returns what Parse prints on stderr.
func ask(args []string, check func(*cli.Flags) error) (string, error) {
	var live bool
	var regions cli.List
	var stderr strings.Builder
	f := cli.NewFlags("ask", "Asks.\n", "Exit status: 0 done; 2 not.\n", &live)
	f.Int("days", 30, "the last `n` days")
	f.Int("jobs", 0, "offline: make up `n` jobs")
	f.DurationVar(new(time.Duration), "latency", 0, "offline: each request takes this `duration`")
	f.DurationVar(new(time.Duration), "wait", 5*time.Minute, "wait this `duration`")
	f.String("profile", "", "live: the `name` of a profile")
	f.Bool("org", false, "ask a whole organisation")
	f.String("unit", "", "-org: the `id` of a unit")
	f.Var(&regions, "region", "live or -org: the `regions` to ask")
	err := f.Parse(args, &stderr, check)
	return stderr.String(), err
}

func TestParseReturnsWhatIsWrong(t *testing.T) {
	for want, args := range map[string][]string{
		"\"now\" is not a flag (-h for help)":                                                 {"-days", "3", "now"},
		"-region goes with -live (-h for help)":                                               {"-region", "a"},
		"-profile, -region go with -live (-h for help)":                                       {"-region", "a", "-profile", "b"},
		"-jobs does not go with -live (-h for help)":                                          {"-live", "-jobs", "0"},
		"-jobs, -latency do not go with -live (-h for help)":                                  {"-live", "-jobs", "0", "-latency", "1s"},
		"-unit goes with -org (-h for help)":                                                  {"-live", "-unit", "a"},
		"flag provided but not defined: -liv (-h for help)":                                   {"-liv"},
		"invalid value \"\" for flag -region: a value is empty (-h for help)":                 {"-region", ""},
		"invalid value \"2\" for flag -wait: it takes a duration: 48h, 90m, 2d (-h for help)": {"-wait", "2"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			printed, err := ask(args, nil)
			require.EqualError(t, err, want)
			require.NotErrorIs(t, err, flag.ErrHelp)
			require.Empty(t, printed)
		})
	}
	for _, args := range [][]string{
		{"-live", "-region", "a", "-days", "3"}, {"-org", "-region", "a", "-jobs", "3", "-unit", "b"}, {"-live", "-org", "-unit", "b", "-profile", "c"},
	} {
		_, err := ask(args, nil)
		require.NoError(t, err)
	}
}

func TestHelpIsTheFlagsBetweenTwoTexts(t *testing.T) {
	got, err := ask([]string{"-h"}, nil)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Equal(t, help, got)
}

func TestDurationsTakeDaysAndWeeks(t *testing.T) {
	for text, want := range map[string]time.Duration{"2d": 48 * time.Hour, "1w": 168 * time.Hour, "1d90m": 25*time.Hour + 30*time.Minute, "0": 0} {
		var live bool
		var got time.Duration
		f := cli.NewFlags("ask", "Asks.\n", "Exit status: 0.\n", &live)
		f.DurationVar(&got, "wait", time.Minute, "wait this `duration`")
		require.NoError(t, f.Parse([]string{"-wait", text}, io.Discard, nil))
		require.Equal(t, want, got, text)
	}
}

func TestAProgramChecksWhatIsInItsPlace(t *testing.T) {
	wrong := errors.New("-days 30: it is too long")
	check := func(f *cli.Flags) error {
		require.False(t, f.Given("jobs"))
		if f.Given("days") {
			return wrong
		}
		return nil
	}
	_, err := ask([]string{"-days", "30"}, check)
	require.ErrorIs(t, err, wrong)
	require.EqualError(t, err, "-days 30: it is too long (-h for help)")
	_, err = ask(nil, check)
	require.NoError(t, err)
	_, err = ask([]string{"-live", "-jobs", "1"}, check)
	require.EqualError(t, err, "-jobs does not go with -live (-h for help)")
}

func TestList(t *testing.T) {
	for name, c := range map[string]struct {
		set  []string
		want cli.List
		err  string
	}{
		"nothing":              {nil, nil, ""},
		"repeated":             {[]string{"b", "a"}, cli.List{"b", "a"}, ""},
		"between commas":       {[]string{"b, a", "c"}, cli.List{"b", "a", "c"}, ""},
		"again":                {[]string{"a,b", "b", "a"}, cli.List{"a", "b"}, ""},
		"empty":                {[]string{" "}, nil, "a value is empty"},
		"empty between commas": {[]string{"a,,b"}, cli.List{"a"}, "a value is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			var l cli.List
			var errs []error
			for _, text := range c.set {
				errs = append(errs, l.Set(text))
			}
			if err := errors.Join(errs...); c.err != "" {
				require.EqualError(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.want, l)
			require.Equal(t, strings.Join(c.want, ","), l.String())
		})
	}
}
