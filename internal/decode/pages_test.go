package decode_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	m.Run()
}

var (
	anyValues = []string{
		`null`, `true`, `false`, `0`, `-1.5e+10`, `"text"`, `"\u00e9\"\\"`, `[]`, `{}`, `[1,[2,{"a":[]}],"x"]`, `{"a":null,"b":{"c":[{}]}}`,
	}
	oddValues = []string{
		`null`, `""`, `"x"`, `0`, `-0`, `-0.0`, `1`, `-1`, `1.0`, `1.5`, `1e3`, `1E+3`, `1e-3`, `1e400`, `-1e400`, `.5`, `5.`, `01`, `-`, `+1`, `1e`, `1.e1`,
		`9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `2147483647`, `2147483648`, `-2147483649`, `99999999999999999999999`,
		`1773446400.123456789012345678`, `0.1234567890123456789`, `9007199254740993`, `253402300800`, `9223372036`, `9223372037`, `-9223372036`, `-1.9999`,
		`0.0004999`, `689562968.898999999`, `411440794.93799999`, `1467890066.7689999`, `0.0009999999999`, `1516925490.0869999`, `1e9`, `1.773446400123E9`, `"NaN"`, `"Infinity"`, `"-Infinity"`, `"2026-03-14T00:00:00Z"`, `"1773446400"`,
		`true`, `false`, `True`, `nul`, `nulls`, `[]`, `{}`, `[null]`, `[1]`, `["a",null]`, `[{}]`, `[{},null]`, `{"a":1}`, `{"a":null}`, `{"a":"1","a":"2"}`,
		`{"a":1,"\u0061":2}`, `"\ud83d\ude00"`, `"\ud83d"`, `"\u0000"`, `"\/\b\f\n\r\t"`, `"\x"`, `"\u12"`, "\"\x01\"", "\"\xff\"", "\"\xc3\xa9\"", "\"\xed\xa0\x80\"",
		`"` + strings.Repeat("long ", 100) + `"`, strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40), `{1:2}`, `{"a"1}`, `{a:1}`, `{"\x":1}`, `[1 2]`, ``, `"`, `NaN`, `/* */ 1`, `{`, `[`,
	}
	oddTexts = []string{
		``, ` `, `\"`, `\\`, `\/`, `\u0041`, `\ud83d\ude00`, `\ud83d`, `\u000a`, `\n`, `é`, `日本語`, "\xff", "\xc0\x80", "a\xe2\x82", "\x7f", "\x1f", `\u2028`, "\u2028",
		`<>&`, strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat("z", 257), strings.Repeat("w", 3000), `State`, `\u0053tate`,
	}
	insertions = []string{
		`null`, `,`, `:`, `"`, `\`, `{`, `}`, `[`, `]`, ` `, "\n", "\x00", "\xff", "\ufeff", `-`, `.`, `e`, `0`, `"State":"X",`, `"BackupId":null,`,
		`"BackupJobs":[],`, `"Backups":[],`, `"CopyJobs":[{}],`, `"Unknown":.5,`, `"Unknown":[1,],`, `"Unknown":{"a":1,},`, `"CreationDate":1e9,`, `"NextToken":"t",`,
	}
)

// oddPages are pages that clients were found to decode in ways of their own, and others like them.
func oddPages() []string {
	var pages []string
	for _, list := range []string{"BackupJobs", "CopyJobs", "Backups"} {
		for _, body := range []string{
			`{"LIST":[{"Unknown":.5}]}`, `{"LIST":[{"Unknown":"\x"}]}`, `{"LIST":[{"Unknown":01}]}`, `{"LIST":[],"Unknown":.5}`,
			"{\"LIST\":[{\"BackupId\":\"\xff\",\"AccountId\":\"\xff\"}]}", "{\"LIST\":[],\"\xff\":1}", "{\"LIST\":[],\"Unknown\":\"\xff\"}",
			`{"LIST":[{"State":"A","State":"B","BackupState":"A","BackupState":"B"}]}`, `{"LIST":[{"AccountId":"a","AccountId":null,"BackupId":"a","BackupId":null}]}`,
			`{"LIST":[],"LIST":[{}]}`, `{"LIST":[{}],"LIST":null}`, `{"NextToken":"a","NextToken":"b","LIST":[]}`,
			`{"LIST":[],"Unknown":"}`, `{"LIST":[],"Unknown":"]}`, `{"LIST":[],"Unknown":tru}`, `{"LIST":[],"Unknown":nullx}`,
			`{"LIST":[]}{}`, `{"LIST":[]} x`, `{"LIST":[]}]`, `{"LIST":[]},`, ` {"LIST":[]} `, "\ufeff{\"LIST\":[]}", `{"LIST":[]}null`,
			`{"LIST":null}`, `{"LIST":{}}`, `{"LIST":[null]}`, `{"LIST":[[]]}`, `{"LIST":[{},null,{}]}`, `{"LIST":[{},]}`, `{"LIST":[{}],}`, `{,"LIST":[]}`,
			`{"list":[]}`, `{"L\u0049ST":[]}`, `{}`, `null`, `[]`, ``, ` `, `"LIST"`, `{"LIST":[{"\u0041ccountId":"a"}]}`,
			`{"LIST":[{"CreationDate":"1","CreateTimestamp":"1","CreatedAt":"1"}]}`, `{"LIST":[{"CreationDate":-1.5,"CreateTimestamp":-1.5,"CreatedAt":-1.5}]}`,
			`{"LIST":[{"CreationDate":1e400,"CreateTimestamp":1e400,"CreatedAt":1e400}]}`, `{"LIST":[{"CreationDate":1e18,"CreateTimestamp":1e18,"CreatedAt":1e18}]}`,
			`{"LIST":[{"CreationDate":1773446400.1234567,"CreateTimestamp":1773446400.1234567,"CreatedAt":1773446400.1234567}]}`,
			`{"LIST":[{"BackupOptions":{"a":"b","a":"c"},"ChildJobsInState":{"A":1,"A":2},"TagList":[{"Key":"a"},null]}]}`,
			`{"LIST":[{"BackupOptions":{"a":null},"ChildJobsInState":{"A":null},"SecurityGroupIds":[null]}]}`,
			`{"LIST":[{"BackupOptions":{},"ChildJobsInState":{},"TagList":[],"SecurityGroupIds":[],"CreatedBy":{}}]}`,
			`{"LIST":[{"IsParent":null,"IsEncrypted":"true","NeverExpires":0}]}`, `{"LIST":[{"S3DataSize":2147483648,"BackupSizeInBytes":2147483648}]}`,
			`{"LIST":[{"S3DataSize":1.0,"BackupSizeInBytes":1.0}]}`, `{"LIST":[{"BackupSizeInBytes":-0,"S3DataSize":-0}]}`,
			`{"LIST":[` + strings.Repeat(`{"Unknown":`, 200) + `1` + strings.Repeat(`}`, 200) + `]}`,
			`{"LIST":[{"CreatedBy":[],"RecoveryPointLifecycle":"x","Tags":1}]}`, `{"LIST":[{"CreatedBy":{"BackupPlanId":"p","BackupPlanId":"q"}}]}`,
			`{"LIST":[{"StatusMessage":"a\tb"}]}`, "{\"LIST\":[{\"StatusMessage\":\"a\tb\"}]}", `{"LIST":[{"StatusMessage":"a\ud800b","ClusterId":"\udc00"}]}`,
		} {
			pages = append(pages, strings.ReplaceAll(body, "LIST", list))
		}
	}
	return pages
}

func TestOddPagesAreDecodedAsTheSDKDecodesThem(t *testing.T) {
	for _, s := range services() {
		for _, body := range oddPages() {
			s.requireSame(t, []byte(body))
		}
	}
}

// Each member may have each value, in the output, in an item and in what an item has.
func TestOddValuesOfEachMemberAreDecodedAsTheSDKDecodesThem(t *testing.T) {
	for _, s := range services() {
		for _, value := range slices.Concat(oddValues, anyValues) {
			s.requireSameIn(t, s.output, value, func(object string) string { return object })
			s.requireSame(t, []byte(`{"BackupJobs":[],"CopyJobs":[],"Backups":[],"Unknown":`+value+`}`))
		}
	}
}

// requireSameIn gives each member of a struct a value, in an object that is a part of a page.
func (s service) requireSameIn(t *testing.T, of reflect.Type, value string, page func(object string) string) {
	t.Helper()
	for i := range of.NumField() {
		f := of.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		member := `{"` + f.Name + `":`
		s.requireSame(t, []byte(page(member+value+`}`)))
		switch inner := f.Type; {
		case inner.Kind() == reflect.Map:
			s.requireSame(t, []byte(page(member+`{"a":`+value+`}}`)))
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() != reflect.Struct:
			s.requireSame(t, []byte(page(member+`["a",`+value+`]}`)))
		case inner.Kind() == reflect.Slice:
			s.requireSameIn(t, inner.Elem(), value, func(object string) string { return page(member + `[` + object + `]}`) })
		case inner.Kind() == reflect.Pointer && inner.Elem().Kind() == reflect.Struct && inner.Elem().String() != "time.Time":
			s.requireSameIn(t, inner.Elem(), value, func(object string) string { return page(member + object + `}`) })
		}
	}
}

func TestAnObjectWithoutTheListIsDeclined(t *testing.T) {
	for _, s := range services() {
		for _, body := range []string{`{}`, `{"x":1}`, `{"NextToken":"a"}`, `{"BackupJobs":null,"CopyJobs":null,"Backups":null}`} {
			_, ok := s.decoder.Decode([]byte(body))
			require.False(t, ok, "%s: %s", s.output, body)
		}
	}
}

// The responses that AWS published, or that others recorded, are regular.
func TestPublishedPagesAreDecoded(t *testing.T) {
	decoded := 0
	for _, pattern := range []string{"backup-jobs*", "hsm-describe*"} {
		files, err := filepath.Glob("../../fixtures/cassettes/testdata/" + pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var sample struct{ Body json.RawMessage }
			require.NoError(t, json.Unmarshal(text, &sample))
			for _, s := range services() {
				if s.requireSame(t, sample.Body) {
					decoded++
				}
			}
		}
	}
	require.Equal(t, 8, decoded, "two of jobs, and three of CloudHSM, which OpsWorks CM's client reads too")
}
