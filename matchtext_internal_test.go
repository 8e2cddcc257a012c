package backupx

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
)

func TestWhatDiffersIsShown(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct{ a, b, want string }{
		"short":                         {"a", "b", "a, not b"},
		"as long as it may be":          {x(100) + strings.Repeat("a", 200), x(100), x(100) + strings.Repeat("a", 200) + ", not " + x(100)},
		"the other as long":             {x(100), x(100) + strings.Repeat("b", 200), x(100) + ", not " + x(100) + strings.Repeat("b", 200)},
		"longer":                        {x(100) + strings.Repeat("a", 201), x(100) + "b", "…" + x(30) + strings.Repeat("a", 201) + ", not …" + x(30) + "b"},
		"the other longer":              {x(100) + "a", x(100) + strings.Repeat("b", 201), "…" + x(30) + "a, not …" + x(30) + strings.Repeat("b", 201)},
		"different near the start":      {x(30) + "a" + x(300), x(30) + "b", x(30) + "a" + x(269) + "…, not " + x(30) + "b"},
		"different behind that":         {x(31) + "a" + x(300), x(31) + "b", "…" + x(30) + "a" + x(266) + "…, not …" + x(30) + "b"},
		"one is the start of the other": {x(400), x(350), "…" + x(80) + ", not …" + x(30)},
		"the other is":                  {x(350), x(400), "…" + x(30) + ", not …" + x(80)},
		"in half of a character":        {"é" + x(28) + "a" + x(300), "é" + x(28) + "b", "é" + x(28) + "a" + x(269) + "…, not é" + x(28) + "b"},
		"behind half of a character":    {"é" + x(29) + "a" + x(300), "é" + x(29) + "b", "…" + x(29) + "a" + x(266) + "…, not …" + x(29) + "b"},
		"nothing against much":          {"", x(301), ", not " + x(300) + "…"},
	} {
		require.Equal(t, c.want, notText(c.a, c.b), name)
	}
	require.Equal(t, x(300), shortened(x(300), 0))
	require.Equal(t, x(300)+"…", shortened(x(301), 0))
	require.Equal(t, "…", shortened("abc", 7))
}

func TestWhatAListingLists(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	of := func(n int) []identity { return make([]identity, n) }
	named := []identity{{Sources: []string{"a"}}}
	for want, id := range map[string]identity{
		"ListBackupJobs":                       {Op: "backup:ListBackupJobs"},
		"ListThings":                           {Op: "ListThings"},
		"other:ListThings":                     {Op: "other:ListThings"},
		"BackupJobFilter{states: FAILED}":      {Op: backupJobs.Op, Filter: raw(`{"states":["FAILED"]}`)},
		"CopyJobFilter{states: FAILED}":        {Op: copyJobs.Op, Filter: raw(`{"states":["FAILED"]}`)},
		"HSMFilter{states: READY}":             {Op: hsmBackups.Op, Filter: raw(`{"states":["READY"]}`)},
		`{"unknown":1}`:                        {Op: backupJobs.Op, Filter: raw(`{"unknown":1}`)},
		`{"any":1}`:                            {Op: "ListThings", Filter: raw(`{"any":1}`)},
		`HSMFilter{} of the scope "x\"y"`:      {Op: hsmBackups.Op, Filter: raw(`{}`), Scope: `x"y`},
		"Concat of 1 listing":                  {Op: "Concat", Parts: of(1)},
		"Concat of 2 listings":                 {Op: "Concat", Parts: of(2)},
		"Across of sources":                    {Op: "Across", Parts: named},
		"Across of 1 listing":                  {Op: "Across", Parts: of(1)},
		"Gather of sources":                    {Op: "Gather", Parts: of(1), fleet: &fleetIdentity{}},
		`ListThings with the input {"A":1}`:    {Op: "ListThings", Shown: raw(`{"A":1}`)},
		`Merge of 1 listing of the scope "x"`:  {Op: "Merge", Parts: of(1), Scope: "x", Shown: raw(`{"A":1}`)},
		strings.Repeat("x", longestText) + "…": {Op: strings.Repeat("x", 400)},
	} {
		require.Equal(t, want, listingText(id))
	}
}

func TestWhatDiffersInInputs(t *testing.T) {
	input := func(s string) identity {
		return identity{Input: inputHash([]byte(s)), Shown: json.RawMessage(s)}
	}
	long := identity{Input: "0123456789abcdef"}
	for name, c := range map[string]struct {
		was, is identity
		want    string
	}{
		"one member":         {input(`{"A":1,"B":2}`), input(`{"A":1,"B":3}`), "{B: 2}, not {B: 3}"},
		"two, in order":      {input(`{"C":1,"A":2,"B":"x"}`), input(`{"A":3,"C":4,"B":"x"}`), "{A: 2, C: 1}, not {A: 3, C: 4}"},
		"null is no value":   {input(`{"A":null,"B":null}`), input(`{"A":1,"B":null}`), "{}, not {A: 1}"},
		"one that is absent": {input(`{"A":1}`), input(`{"B":1}`), "{A: 1}, not {B: 1}"},
		"a long one":         {long, input(`{"A":1}`), `with the hash 0123456789abcdef, not {"A":1}`},
		"the other is long":  {input(`{"A":1}`), long, `{"A":1}, not with the hash 0123456789abcdef`},
		"none":               {identity{}, input(`{"A":1}`), `none, not {"A":1}`},
		"no object":          {input(`"a"`), input(`{"A":1}`), `"a", not {"A":1}`},
		"the other is none":  {input(`{"A":1}`), input(`["a"]`), `{"A":1}, not ["a"]`},
	} {
		require.Equal(t, c.want, differentInputs(c.was, c.is), name)
	}
}

func TestSourcesAreNamed(t *testing.T) {
	names := lo.Times(12, func(i int) string { return fmt.Sprint(i) })
	for n, want := range map[int]string{
		0:  "no source",
		1:  `the source "0"`,
		2:  `the sources "0", "1"`,
		10: `the sources "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"`,
		11: `the sources "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" and 1 more`,
		12: `the sources "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" and 2 more`,
	} {
		require.Equal(t, want, sourcesText(names[:n]))
	}
}
