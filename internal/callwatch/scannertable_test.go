package callwatch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the scanner finds in a text, whether it comes whole or in single bytes.
func TestWhatTheScannerFinds(t *testing.T) {
	type found struct {
		page, extra   bool
		others        string
		code, message string
		noTime        string // the start of its text
	}
	long := strings.Repeat("x", mostText)
	for name, c := range map[string]struct {
		text string
		want found
	}{
		"a text":                         {`"Rate exceeded"`, found{message: "Rate exceeded"}},
		"a text with a quote":            {` "\"no\""`, found{message: `"no"`}},
		"a message":                      {`{"Message":"no"}`, found{others: "Message", message: "no"}},
		"an error message":               {`{"ErrorMessage":"no"}`, found{others: "ErrorMessage", message: "no"}},
		"a type":                         {`{"__Type":"Denied"}`, found{others: "__Type", code: "Denied"}},
		"a code":                         {`{"Code":"Denied"}`, found{others: "Code", code: "Denied"}},
		"an error type":                  {`{"errortype":"Denied"}`, found{others: "errortype", code: "Denied"}},
		"neither message nor code":       {`{"x":"y","mess":"no"}`, found{others: "x mess"}},
		"a message in a member":          {`{"x":{"message":"no","code":"c"}}`, found{others: "x"}},
		"the first of several":           {`{"message":"a","errorMessage":"b","code":"c","__type":"d"}`, found{others: "message errorMessage code __type", message: "a", code: "c"}},
		"an empty one before":            {`{"message":"","errorMessage":"b","code":"","__type":"d"}`, found{others: "message errorMessage code __type", message: "b", code: "d"}},
		"a message behind a list":        {`{"Items":[],"message":"no"}`, found{page: true}},
		"a list as a name only":          {`{"x":"Items","y":["Items",{"Items":[]}]}`, found{others: "x y"}},
		"one name more than errors have": {`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}`, found{others: "a b c d e"}},
		"a long name":                    {`{"` + long + `":1}`, found{others: long}},
		"a name that is too long":        {`{"` + long + `x":1}`, found{others: ""}},
		"a long message":                 {`{"message":"` + long + `"}`, found{others: "message", message: long}},
		"a message that is too long":     {`{"message":"` + long + `x","errorMessage":"b"}`, found{others: "message errorMessage", message: "b"}},
		"a token":                        {`{"Token":"t"}`, found{page: true}},
		"a token of one backslash":       {`{"Token":"\\"}`, found{page: true}},
		"an empty token":                 {`{"Token":""}`, found{}},
		"no token":                       {`{"Token":null}`, found{}},
		"nothing":                        {` { } `, found{}},
		"two objects":                    {`{}{"Items":[]}`, found{extra: true}},
		"an object in an array":          {`[{"Items":[]}]`, found{}},
		"times":                          {`{"Items":[{"A":1.5e9,"B":-1,"C":1e300},{"A":null,"B":"1e300"}]}`, found{page: true}},
		"no time":                        {`{"Items":[{"A":1e300}]}`, found{page: true, noTime: "A: "}},
		"no time at the end":             {`{"Items":[{"x":1,"B":1e300 }]}`, found{page: true, noTime: "B: "}},
		"the first of two":               {`{"Items":[{"A":1,"B":1e300,"A":1e300}]}`, found{page: true, noTime: "B: "}},
		"the first of two items":         {`{"Items":[{"B":1e300},{"A":1e300}]}`, found{page: true, noTime: "B: "}},
		"an escaped name":                {`{"Items":[{"\u0041":1e300}]}`, found{page: true, noTime: "A: "}},
		"an escaped name of several":     {`{"Items":[{"x":0,"\u0042":1e300}]}`, found{page: true, noTime: "B: "}},
		"no time of another list":        {`{"Others":[{"A":1e300}],"Items":[]}`, found{page: true, others: "Others"}},
		"no time in a member of an item": {`{"Items":[{"x":{"A":1e300},"y":[1e300]}]}`, found{page: true}},
		"no time in a list of lists":     {`{"Items":[["A",1e300],[{"A":1e300}]]}`, found{page: true}},
		"no time of an object of items":  {`{"Items":{"x":{"A":1e300}}}`, found{page: true}},
		"no time behind a text":          {`{"Items":[{"A":"t","x":1e300}]}`, found{page: true}},
		"a name that starts like a time": {`{"Items":[{"AB":1e300}]}`, found{page: true}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, len(c.text)} {
				s := scanner{shape: Shape{List: "Items", Token: "Token"}, times: []string{"A", "B"}}
				for rest := []byte(c.text); len(rest) > 0; {
					n := min(size, len(rest))
					s.scan(rest[:n])
					rest = rest[n:]
				}
				got := found{s.page, s.extra, strings.Join(s.others, " "), s.code, s.message, ""}
				if s.noTime != nil {
					text := s.noTime.Error()
					got.noTime = text[:min(3, len(text))]
				}
				require.Equal(t, c.want, got, "in pieces of %d", size)
			}
		})
	}
}

// A scanner that looks for no times ends at the first sign of a page.
func TestAScannerWithoutTimesEndsEarly(t *testing.T) {
	for _, text := range []string{`{"Items":`, `{"Token":"t"`} {
		s := scanner{shape: Shape{List: "Items", Token: "Token"}}
		s.scan([]byte(text + `,"x":1`))
		require.Equal(t, scanOff, s.state, text)
		require.Empty(t, s.others, text)
	}
}
