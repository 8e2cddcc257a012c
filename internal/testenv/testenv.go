// Package testenv keeps tests independent of the environment that they run in: an AWS profile, a proxy, a
// language, a time zone.
//
// [SetHostile], which the TestMain of every package calls, gives the variables values that fail whatever
// reads them. So each run of the tests shows that they read none. A test that loads an AWS configuration calls
// [Clean]; a test that starts a process gives it [Environ].
package testenv

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// started is the environment of the process before SetHostile changes it.
var started = os.Environ()

// Original returns the environment that the tests were started with. It is for a program that needs the
// network, as the installation of a package does: it may need the proxy of the machine.
func Original() []string { return slices.Clone(started) }

// Environ returns an environment for a process that a test starts: of the original variables those that
// programs need to find their files, no AWS configuration and no proxy, then pairs ("NAME=value").
// The shared AWS files are empty ones, and the metadata service of EC2 is switched off.
func Environ(pairs ...string) []string {
	env := slices.DeleteFunc(Original(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return !needed(name)
	})
	env = append(env,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
	return append(env, pairs...)
}

// needed reports whether programs need a variable: the folders of the user and of temporary files, what
// Windows needs to start a process, and the settings of Go, C compilers and versions of Python.
func needed(name string) bool {
	name = strings.ToUpper(name)
	for _, prefix := range []string{"GO", "CGO_", "XDG_", "PYENV_", "PROGRAM"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{
		"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "CC", "CXX", "LD_LIBRARY_PATH", "VIRTUAL_ENV",
		"USERNAME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP",
		"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT",
	}, name)
}

// Clean makes [Environ] of pairs the environment of a test, and restores the environment when the test ends.
// Such a test cannot be parallel.
func Clean(t testing.TB, pairs ...string) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if name == "" { // Windows: the folder of a drive
			continue
		}
		t.Setenv(name, "") // restores the variable in the end
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range Environ(pairs...) {
		if name, value, _ := strings.Cut(pair, "="); name != "" {
			t.Setenv(name, value)
		}
	}
}

const (
	nowhere = "/nowhere/at/all"
	closed  = "http://127.0.0.1:1" // nobody listens there
)

// hostile are variables that change what the AWS SDKs, Go and other programs do, with values that fail or
// that differ from the usual ones. A home is a folder below a file, which nobody can make, root included.
var hostile = map[string]string{
	"AWS_PROFILE":                 "nonexistent",
	"AWS_CONFIG_FILE":             nowhere,
	"AWS_SHARED_CREDENTIALS_FILE": nowhere,
	"AWS_ACCESS_KEY_ID":           "AKIAHOSTILE",
	"AWS_SECRET_ACCESS_KEY":       "hostile",
	"AWS_WEB_IDENTITY_TOKEN_FILE": nowhere,
	"AWS_REGION":                  "xx",
	"AWS_DEFAULT_REGION":          "xx",
	"AWS_ENDPOINT_URL":            closed,
	"AWS_USE_FIPS_ENDPOINT":       "true",
	"AWS_USE_DUALSTACK_ENDPOINT":  "true",
	"AWS_CA_BUNDLE":               nowhere,
	"AWS_RETRY_MODE":              "bogus",
	"AWS_MAX_ATTEMPTS":            "bogus",
	"AWS_DEFAULTS_MODE":           "bogus",
	"AWS_LAMBDA_FUNCTION_NAME":    "hostile",
	"_X_AMZN_TRACE_ID":            "Root=1-hostile",
	"HTTP_PROXY":                  closed,
	"HTTPS_PROXY":                 closed,
	"ALL_PROXY":                   closed,
	"http_proxy":                  closed,
	"https_proxy":                 closed,
	"all_proxy":                   closed,
	"HOME":                        os.DevNull + "/home",
	"LANG":                        "de_DE.UTF-8",
	"LC_ALL":                      "de_DE.UTF-8",
	"TERM":                        "dumb",
	"NO_COLOR":                    "1",
	"CI":                          "true",
}

// SetHostile gives the variables of the process values that fail, or change, whatever reads them, and makes
// the local time zone one that is not a whole number of hours from UTC. TestMain calls it first.
// It does nothing while cassettes are recorded or verified: that needs the real environment.
func SetHostile() {
	if reachesAWS() {
		return
	}
	for name, value := range hostile {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	time.Local = time.FixedZone("Asia/Kathmandu", (5*60+45)*60)
}

// reachesAWS reports whether the tests record cassettes or compare them with what AWS answers.
func reachesAWS() bool {
	mode := os.Getenv("BACKUPX_FIXTURES")
	return mode == "record" || mode == "verify"
}

// Number returns the number in an environment variable, or usual if the variable is not set.
func Number(t testing.TB, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
