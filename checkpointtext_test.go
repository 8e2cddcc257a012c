package backupx_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// Done follows from the chains. A text of an earlier version that says otherwise is an error.
func TestDoneFollowsFromTheChains(t *testing.T) {
	const things = `{"id":{"op":"ListThings"},"opened":true,`
	for payload, done := range map[string]bool{
		things + `"chains":{"":{"done":true}}}`:                                                                                     true,
		things + `"done":true,"chains":{"":{"pages":2,"done":true}}}`:                                                               true,
		things + `"chains":{"":{"token":"eA=="}}}`:                                                                                  false,
		things + `"chains":{}}`:                                                                                                     false,
		`{"id":{"op":"backup:ListBackupJobs","filter":{"states":[]}},"opened":true}`:                                                true,
		`{"id":{"op":"backup:ListBackupJobs","filter":{}},"opened":true}`:                                                           false,
		`{"id":{"op":"backup:ListBackupJobs","filter":{}},"opened":true,"windows":{"created=":[]}}`:                                 true,
		`{"id":{"op":"backup:ListBackupJobs","filter":{}},"opened":true,"windows":{"created=":["2026-03-01T00:00:00Z.."]}}`:         false,
		`{"id":{"op":"Concat"},"opened":true}`:                                                                                      true,
		`{"id":{"op":"Concat","parts":[{"op":"ListThings"},{"op":"ListThings"}]},"opened":true,"chains":{"0/":{"done":true}}}`:      false,
		`{"id":{"op":"Across","parts":[{"op":"ListThings","sources":["a"]}]},"opened":true}`:                                        false,
		`{"id":{"op":"Across","parts":[{"source":"a","hash":"AAAAAAAAAAA="}],"done":"AAAAAAAAAAA="},"opened":true}`:                 false,
		`{"id":{"op":"Across","done":"AAAAAAAAAAA="},"opened":true}`:                                                                true,
		`{"id":{"op":"Across","parts":[{"op":"ListThings","source":"a"}]},"opened":true,"chains":{"a/":{"done":true}}}`:             true,
		`{"id":{"op":"Across","parts":[{"op":"ListThings","source":"a"}]},"opened":true,"done":true,"chains":{"a/":{"done":true}}}`: true,
	} {
		var cp backupx.Checkpoint
		require.NoError(t, cp.UnmarshalText(checksummed(t, []byte(payload))), payload)
		require.Equal(t, done, cp.Done(), payload)
		require.Equal(t, done, throughText(t, cp).Done(), payload)
		if !strings.Contains(payload, `"done":true,"chains"`) {
			contradicts := strings.Replace(payload, `"opened":true`, fmt.Sprintf(`"opened":true,"done":%t`, !done), 1)
			requireNoCheckpoint(t, string(checksummed(t, []byte(contradicts))))
		}
	}
}

func TestPositionsThatNoListingHas(t *testing.T) {
	for _, members := range []string{
		`"opened":true,"chains":{"":{"done":true,"token":"eA=="}}`,
		`"opened":true,"chains":{"":{"done":true,"loop":true}}`,
		`"opened":true,"chains":{"":{"loop":true}}`,
		`"opened":true,"chains":{"":{"pages":1}}`,
		`"opened":true,"chains":{"":{"skip":-1}}`,
		`"opened":true,"chains":{"":{}},"start":{"token":"eA=="}`,
		`"opened":true,"chains":{"":{"seen":"` + base64.StdEncoding.EncodeToString(make([]byte, 257*8)) + `"}}`,
		`"opened":true,"chains":{"":{},"":{}}`,
		`"opened":true,"chains":{"":{"skip":1,"skip":1}}`,
		`"opened":true,"chains":{"":{"Skip":1}}`,
		`"opened":true,"chains":{"":{"later":1}}`,
		`"opened":true,"chains":{"":null}`,
		`"start":{"token":"eA==","token":"eQ=="}`,
		`"start":{"later":1}`,
		`"start":null`,
		`"opened":true,"opened":true,"chains":{"":{}}`,
		`"opened":true,"chains":[]`,
		`"opened":true,"chains":null`,
		`"done":true`,
	} {
		requireNoCheckpoint(t, string(checksummed(t, []byte(`{"id":{"op":"ListThings"},`+members+`}`))))
	}
	requireNoCheckpoint(t, string(checksummed(t, []byte(`{"id":{"op":"ListThings"}}{}`))))
	requireNoCheckpoint(t, string(checksummed(t, []byte(`{"id":{"op":"ListThings"}`))))
}

func TestWindowsThatNoListingHas(t *testing.T) {
	text := func(windows string) string {
		return string(checksummed(t, []byte(`{"id":{"op":"backup:ListBackupJobs","filter":{}},"opened":true,"windows":{"created=":[`+windows+`]}}`)))
	}
	const a, b, c = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
	for _, windows := range [][]string{
		{a + ".." + b, a + ".." + b},
		{a + ".." + c, b + ".." + c},
		{a + "..", b + ".." + c},
		{".." + b, a + ".." + c},
		{".." + a, ".." + b},
		{a + "..", b + ".."},
		{b + ".." + a},
		{a + ".." + a},
		{".."},
		{a},
		{""},
		{"2026-03-01T00:00:00.000Z.." + b},
		{"2026-03-01T01:00:00+01:00.." + b},
		{a + ".." + b + ".." + c},
	} {
		requireNoCheckpoint(t, text(`"`+strings.Join(windows, `","`)+`"`))
	}
	require.NoError(t, new(backupx.Checkpoint).UnmarshalText([]byte(text(`"`+b+`..","`+a+`..`+b+`","..`+a+`"`))))
}

// elements joins n elements with commas.
func elements(n int, element func(i int) string) string {
	return strings.Join(lo.Times(n, element), ",")
}

// random returns n bytes in base64 that do not repeat.
func random(n int) string {
	b, r := make([]byte, n), rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// forgeries are payloads that have as many bytes in memory for each byte of the text as they can.
func forgeries() map[string]func() string {
	const (
		payload = 24<<20 - 1000 // of the longest text
		things  = `{"id":{"op":"ListThings"},"opened":true,`
		one     = things + `"chains":{"":{}},`
		jobs    = `{"id":{"op":"backup:ListBackupJobs","filter":`
		opened  = `},"opened":true,"chains":{"":{}}}`
	)
	windows := func(i int) string {
		from := time.Date(2000, 1, 1, 0, i, 0, 0, time.UTC)
		return fmt.Sprintf("%q", from.Format(time.RFC3339)+".."+from.Add(time.Minute).Format(time.RFC3339))
	}
	values := func(n int, member string) string {
		return `{"` + member + `":[` + elements(n, func(i int) string { return fmt.Sprintf(`"%06x"`, i) }) + `]}`
	}
	return map[string]func() string{
		"chains": func() string {
			return things + `"chains":{` + elements(200_000, func(i int) string { return fmt.Sprintf(`"%x":{}`, i) }) + `}}`
		},
		"too many chains": func() string {
			return things + `"chains":{` + elements(2_000_000, func(i int) string { return fmt.Sprintf(`"%x":{}`, i) }) + `}}`
		},
		"windows": func() string { return things + `"windows":{"":[` + elements(400_000, windows) + `]}}` },
		"queries": func() string {
			all := elements(10_000, windows)
			return jobs + `{}},"opened":true,"windows":{` + elements(20, func(i int) string { return fmt.Sprintf(`"%d":[%s]`, i, all) }) + `}}`
		},
		"empty queries": func() string {
			return things + `"windows":{` + elements(2_000_000, func(i int) string { return fmt.Sprintf(`"%x":[]`, i) }) + `}}`
		},
		"memories": func() string {
			return one + `"seen":{` + elements(1_000_000, func(i int) string { return fmt.Sprintf(`"%x":""`, i) }) + `}}`
		},
		"ids":        func() string { return one + `"seen":{"":"` + random(payload/32*24) + `"}}` },
		"last ids":   func() string { return things + `"chains":{"":{"last":"` + random(payload/32*24) + `"}}}` },
		"passed ids": func() string { return things + `"chains":{"":{"passed":"` + random(payload/32*24) + `"}}}` },
		"tokens": func() string {
			return things + `"chains":{"":{"token":"eA==","seen":"` + random(payload/32*24) + `"}}}`
		},
		"a token": func() string { return things + `"chains":{"":{"token":"` + random(payload/4*3) + `"}}}` },
		"listings": func() string {
			return `{"id":{"op":"Concat","parts":[` + elements(99_000, func(int) string { return `{}` }) + `]},"opened":true}`
		},
		"more listings": func() string {
			return `{"id":{"op":"Concat","parts":[` + strings.Repeat(`{},`, payload/3) + `{}]},"opened":true}`
		},
		"numbers": func() string {
			return `{"id":{"op":"Concat","parts":[` + strings.Repeat(`1,`, payload/2) + `1]},"opened":true}`
		},
		"nulls": func() string {
			return `{"id":{"op":"Concat","parts":[` + strings.Repeat(`null,`, payload/5) + `null]},"opened":true}`
		},
		"depth": func() string { return `{"id":` + strings.Repeat(`{"parts":[`, payload/10) },
		"members": func() string {
			return `{"id":{` + elements(1_000_000, func(i int) string { return fmt.Sprintf(`"%x":0`, i) }) + `}}`
		},
		"sources": func() string {
			return `{"id":{"op":"Across","parts":[{"op":"ListThings","sources":[` + elements(199_000, func(i int) string { return fmt.Sprintf(`"%x"`, i) }) + `]}]},"opened":true}`
		},
		"empty names": func() string {
			return `{"id":{"op":"Across","parts":[{"op":"ListThings","scopes":[` + strings.Repeat(`"",`, payload/3) + `""]}]},"opened":true}`
		},
		"read sources": func() string { return `{"id":{"op":"Across","read":"` + random(199_000*20) + `"},"opened":true}` },
		"read before":  func() string { return `{"id":{"op":"Across","done":"` + random(199_000*8) + `"},"opened":true}` },
		"a long path": func() string {
			return `{"id":{"op":"Across","parts":[{"op":"ListThings","sources":["a"]}]},"opened":true,"chains":{"` + strings.Repeat("/", payload) + `":{}}}`
		},
		"long paths": func() string {
			return `{"id":{"op":"Across","parts":[{"op":"ListThings","sources":["a"]}]},"opened":true,"chains":{` +
				elements(20_000, func(i int) string { return fmt.Sprintf(`"a/%x%s":{}`, i, strings.Repeat("/", 1000)) }) + `}}`
		},
		"a filter":   func() string { return jobs + values(460_000, "resources") + opened },
		"values":     func() string { return jobs + `{"resources":[` + strings.Repeat(`"",`, 1_390_000) + `""]}` + opened },
		"folded":     func() string { return jobs + values(460_000, "messageCategories") + opened },
		"a long one": func() string { return jobs + values(2_000_000, "resources") + opened },
		"tags": func() string {
			return `{"id":{"op":"cloudhsm:DescribeBackups","filter":{"tags":{` + elements(380_000, func(i int) string { return fmt.Sprintf(`"%06x":[]`, i) }) + `}}` + opened
		},
		"flags": func() string {
			return jobs + `{` + strings.Repeat(`"topLevel":true,`, 250_000) + `"topLevel":true}` + opened
		},
		"filters": func() string {
			f := values(450_000, "resources")
			return `{"id":{"op":"Concat","parts":[` + elements(5, func(int) string { return `{"op":"backup:ListBackupJobs","filter":` + f + `}` }) + `]},"opened":true}`
		},
		"filters of sources": func() string {
			f := values(450_000, "resources")
			return `{"id":{"op":"Across","parts":[` + elements(5, func(i int) string {
				return fmt.Sprintf(`{"op":"backup:ListBackupJobs","filter":%s,"source":"%d"}`, f, i)
			}) + `]},"opened":true}`
		},
		"filters in fleets": func() string {
			f := values(450_000, "resources")
			return `{"id":` + nested(`{"op":"Across","sources":["a"]`, elements(5, func(i int) string {
				return fmt.Sprintf(`{"op":"backup:ListBackupJobs","filter":%s,"sources":["%d"]}`, f, i)
			}))
		},
		"names in fleets": func() string {
			return `{"id":` + nested(`{"op":"Across","source":"`+strings.Repeat("/", payload/31)+`"`, `{"op":"ListThings","source":"a"}`)
		},
		"an input": func() string {
			return withInput(`{` + elements(1_800_000, func(i int) string { return fmt.Sprintf(`"%06x":1`, i) }) + `}`)
		},
		"a name": func() string {
			return `{"id":{"op":"Across","parts":[{"op":"ListThings","source":"` + strings.Repeat("/", payload-100) + `"}]},"opened":true}`
		},
		"a name twice": func() string {
			name := `{"op":"ListThings","source":"` + strings.Repeat("x", payload/2-100) + `"}`
			return `{"id":{"op":"Across","parts":[` + name + `,` + name + `]},"opened":true}`
		},
		"an operation":    func() string { return `{"id":{"op":"` + strings.Repeat(`\ud800`, payload/6-100) + `"` + opened },
		"a filter of one": func() string { return `{"id":{"op":"` + strings.Repeat("x", payload-100) + `","filter":{` + opened },
		"a scope": func() string {
			return `{"id":{"op":"ListThings","scope":"` + strings.Repeat("\x7f", payload-100) + `"` + opened
		},
		"a hash of an input": func() string {
			return `{"id":{"op":"ListBackupJobs","input":"` + strings.Repeat("x", payload-100) + `"` + opened
		},
		"a number":    func() string { return things + `"chains":{"":{"skip":` + strings.Repeat("1", payload-100) + `}}}` },
		"an exponent": func() string { return things + `"chains":{"":{"skip":1e` + strings.Repeat("1", payload-100) + `}}}` },
		"a time":      func() string { return things + `"chains":{"":{"oldest":"` + strings.Repeat("1", payload-100) + `"}}}` },
		"a fraction": func() string {
			return things + `"chains":{"":{"oldest":"2026-01-01T00:00:00.` + strings.Repeat("1", payload-100) + `Z"}}}`
		},
		"a window":          func() string { return things + `"windows":{"":["` + strings.Repeat("1", payload-100) + `"]}}` },
		"a state":           func() string { return jobs + `{"states":["` + strings.Repeat("x", 3<<20) + `"]}` + opened },
		"a creation time":   func() string { return jobs + `{"createdAfter":"` + strings.Repeat("x", 3<<20) + `"` + opened },
		"depth of a filter": func() string { return jobs + strings.Repeat("[", payload-100) },
		"depth of a chain":  func() string { return things + `"chains":{"":` + strings.Repeat("[", payload-100) },
	}
}

// nested returns thirty listings in each other, of which each but the outermost starts with member.
func nested(member, innermost string) string {
	for range 30 {
		innermost = member + `,"parts":[` + innermost + `]}`
	}
	return `{"op":"Across","parts":[` + innermost + `]},"opened":true}`
}

// withInput returns the payload of a checkpoint of an operation with an input.
func withInput(input string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(input))
	return fmt.Sprintf(`{"id":{"op":"ListBackupJobs","input":"%016x","shown":%s},"opened":true,"chains":{"":{}}}`, h.Sum64(), input)
}

// A listing whose checkpoint no text can have says so when the text is written.
func TestATextThatCannotBeReadIsNotWritten(t *testing.T) {
	deep := newShelf("a", 4, 2).list()
	for range 33 {
		deep = backupx.Concat(deep)
	}
	_, err := cpAfter(t, deep, 1).MarshalText()
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	require.ErrorContains(t, err, "it has listings in more than 32 others")

	long := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[string], error) {
		return backupx.Page[string]{Items: []string{"a"}, Next: strings.Repeat("t", 20<<20)}, nil
	})
	_, err = cpAfter(t, long, 1).MarshalText()
	require.ErrorContains(t, err, "its text is too long")

	for _, name := range []string{strings.Repeat("n", 4097), strings.Repeat("\xff", 1366)} { // a byte that is not UTF-8 takes three in a text
		named := shelfFleet{name: newShelf("a", 4, 2), "b": newShelf("b", 4, 2)}.list()
		_, err = named.Cursor().Checkpoint().MarshalText()
		require.ErrorContains(t, err, "it has the name of a source of more than 4096 bytes")
		_, err = fleetOf(map[string]backupx.Listing[string]{name: named}, nil).Cursor().Checkpoint().MarshalText()
		require.ErrorContains(t, err, "it has the name of a source of more than 4096 bytes")
	}
	named := shelfFleet{strings.Repeat("\xff", 1365): newShelf("a", 4, 2), strings.Repeat("n", 4096): newShelf("b", 4, 2)}.list()
	throughText(t, cpAfter(t, named, 1))
}
