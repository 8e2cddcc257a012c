package callwatch

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/epoch"
)

// The scanner finds in random objects, in random pieces, what a decoder finds.
func TestTheScannerSeesWhatADecoderSees(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pages, times := 0, 0
	for range 20_000 {
		text := randomObject(r)
		s := scanner{shape: Shape{List: "Items", Token: "Token"}, times: []string{"Time"}}
		for rest := []byte(text); len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			if r.IntN(2) == 0 {
				n = min(n, 1+r.IntN(4))
			}
			s.scan(slices.Clone(rest[:n]))
			rest = rest[n:]
		}
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(text), &members), text)
		_, list := members["Items"]
		var token string
		_ = json.Unmarshal(members["Token"], &token)
		require.Equal(t, list || token != "", s.page, text)
		if !s.page {
			delete(members, "Token")
			require.Equal(t, len(members) > 0, len(s.others) > 0, text)
			require.False(t, s.extra)
		}
		bad := false
		var items []json.RawMessage
		_ = json.Unmarshal(members["Items"], &items)
		for _, item := range items {
			var members map[string]any
			_ = json.Unmarshal(item, &members)
			if seconds, ok := members["Time"].(float64); ok {
				_, err := epoch.Time(seconds)
				bad = bad || err != nil
			}
		}
		require.Equal(t, bad, s.noTime != nil, text)
		if s.page {
			pages++
		}
		if bad {
			times++
		}
	}
	require.Greater(t, pages, 1000)
	require.Greater(t, times, 100)
}

var randomNames = []string{"Items", "Token", "Time", "items", "message", `It\u0065ms`, `To\u006ben`, `a\"b`, `\\`, "", "x"}

// randomObject returns an object whose members have different names.
func randomObject(r *rand.Rand) string {
	return object(r, randomNames, func(name string) string {
		if strings.HasPrefix(name, "It") {
			return pick(r, "null", "[]", "["+item(r)+"]", "[ null, "+item(r)+" , "+item(r)+"]")
		}
		return value(r, 3)
	})
}

func item(r *rand.Rand) string {
	return object(r, []string{"Time", "Token", "Items", "x", `y\\`}, func(string) string { return value(r, 2) })
}

// object returns an object with some of the names, no two of which are the same once they are decoded.
func object(r *rand.Rand, names []string, of func(name string) string) string {
	var b strings.Builder
	seen := map[string]bool{}
	b.WriteString(pick(r, "{", " {\n"))
	for _, i := range r.Perm(len(names))[:r.IntN(len(names))] {
		var name string
		_ = json.Unmarshal([]byte(`"`+names[i]+`"`), &name)
		if seen[name] || r.IntN(2) == 0 {
			continue
		}
		if len(seen) > 0 {
			b.WriteString(pick(r, ",", " ,\t"))
		}
		seen[name] = true
		fmt.Fprintf(&b, `"%s"%s%s`, names[i], pick(r, ":", " : "), of(names[i]))
	}
	return b.String() + pick(r, "}", "\r\n} ")
}

func value(r *rand.Rand, depth int) string {
	if depth == 0 {
		return "1e300"
	}
	return pick(
		r, "null", "true", "1e300", "-1e300", "1773446400.5", "20260314000000", `""`, `"t"`, `"\""`, `"\\\\\""`, `"\u0041"`, `"Items"`, "{}", "[]",
		`{"Items":[{"Time":1e300}],"Token":"t"}`, "["+value(r, depth-1)+`,"Time", `+value(r, depth-1)+"]", `{"Time":`+value(r, depth-1)+"}",
	)
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func TestAScannerKeepsLittle(t *testing.T) {
	s := scanner{shape: Shape{List: "Items", Token: "Token"}}
	s.scan([]byte(`{"message":"`))
	for range 1000 {
		s.scan([]byte(strings.Repeat("x", 1000)))
	}
	s.scan([]byte(`","` + strings.Repeat("y", 1<<20) + `":[` + strings.Repeat("[", 1<<20)))
	require.LessOrEqual(t, cap(s.text), 4*mostText)
	require.Len(t, s.others, 2)
	require.False(t, s.page)
}

func FuzzScanner(f *testing.F) {
	for _, text := range []string{`{"Items":[{"Time":1e300}]}`, `}}]]`, `{"a":"\`, `"\u00`, `{"a":{"b":[`, `{]}`, "{}x"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		s := scanner{shape: Shape{List: "Items", Token: "Token"}, times: []string{"Time"}}
		s.scan([]byte(text))
	})
}
