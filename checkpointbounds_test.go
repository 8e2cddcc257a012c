package backupx_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// What contradicts itself in the text of a checkpoint is named.
func TestWhatIsWrongWithATextIsSaid(t *testing.T) {
	const (
		things = `{"id":{"op":"ListThings"},`
		fleet  = `{"id":{"op":"Across","parts":`
		name   = `"op":"ListThings","sources":["a"]`
	)
	for payload, why := range map[string]string{
		things + `"unknown":1}`:                            `unknown member "unknown"`,
		`{"id":{"unknown":1}}`:                             `unknown member "unknown"`,
		`[]`:                                               "it has a value of another type where { is due",
		things + `"chains":[]}`:                            "it has a value of another type where { is due",
		things + `"windows":{"":{}}}`:                      "it has a value of another type where [ is due",
		things + `"chains":{"a":{},"a":{}}}`:               `the member "a" comes twice`,
		`{"id":{},"id":{}}`:                                `the member "id" comes twice`,
		things + `"opened":true}1`:                         "something comes after the JSON object",
		things + `"opened":true} {}`:                       "something comes after the JSON object",
		things + `"start":{"skip":-1}}`:                    "its start is out of range",
		things + `"opened":true,"start":{"token":"eA=="}}`: "its start is out of range",
		`{"id":{"op":"ListThings","source":"a"}}`:          "the listing as a whole is no source",
		`{"id":{"op":"ListThings","source":"a","hash":"AAAAAAAAAAA="}}`:      "the listing as a whole is no source",
		`{"id":{"op":"ListThings","sources":["a"]}}`:                         "the listing as a whole is no source",
		things + `"opened":true,"chains":{"x":{"skip":-1}}}`:                 `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{"largest":-1}}}`:              `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{"pages":-1}}}`:                `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{"seen":"AAAA"}}}`:             `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{"last":"AAAA"}}}`:             `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{"passed":"AAAA"}}}`:           `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{"front":"AAAA"}}}`:            `the position of "x" is out of range`,
		things + `"opened":true,"chains":{"x":{}},"seen":{"y":"AAAA"}}`:      `what was seen of "y" is cut`,
		fleet + `[{"source":"a","hash":"AAAA"}]}}`:                           "the hashes of its sources are cut",
		fleet + `[],"read":"AAAA"}}`:                                         "the hashes of its sources are cut",
		fleet + `[],"done":"AAAA"}}`:                                         "the hashes of its sources are cut",
		fleet + `[{` + name + `,"scopes":["x","y"]}]}}`:                      "the scopes of its sources are cut",
		fleet + `[{"op":"ListThings","scopes":["x"]}]}}`:                     "the scopes of its sources are cut",
		fleet + `[{"op":"ListThings","sources":["a",""]}]}}`:                 "a source has no name",
		fleet + `[{"hash":"AAAAAAAAAAA="}]}}`:                                "a source has no name",
		fleet + `[{"source":"a"},{` + name + `}]}}`:                          `it has the source "a" twice`,
		fleet + `[{` + name + `},{"op":"ListOthers","sources":["a"]}]}}`:     `it has the source "a" twice`,
		fleet + `[{"source":"a"},{"source":"a"}]}}`:                          `it has the source "a" twice`,
		fleet + `[],"read":"` + strings.Repeat("A", 54) + `=="}}`:            `it has the source "" twice`,
		fleet + `[],"done":"AAAAAAAAAAAAAAAAAAAAAA=="}}`:                     "it has a source twice",
		`{"id":{"op":"Concat","parts":[{"op":"Across","done":"AAAA"}]}}`:     "the hashes of its sources are cut",
		`{"id":{"op":"ListThings","shown":{"A":1}}}`:                         "the input of the operation is not that of its hash",
		`{"id":{"op":"ListThings","shown":{"A":1},"input":"0123456789abc"}}`: "the input of the operation is not that of its hash",
	} {
		var cp backupx.Checkpoint
		err := cp.UnmarshalText(checksummed(t, []byte(payload)))
		require.ErrorIs(t, err, backupx.ErrCheckpoint, payload)
		require.ErrorContains(t, err, why, payload)
	}
	for text, why := range map[string]string{
		"x":          "its text is not a checkpoint's",
		"backupx2.x": "its text is of another version",
		"backupx1.x": "its text was cut or altered",
		"backupx1.":  "its text was cut or altered",
		"backupx1":   "its text is of another version",
		string(checksummed(t, []byte(things+`"opened":true}`)))[1:]:   "its text is not a checkpoint's",
		string(checksummed(t, []byte(things+`"opened":true}`))) + " ": "its text was cut or altered",
	} {
		require.ErrorContains(t, new(backupx.Checkpoint).UnmarshalText([]byte(text)), why, text)
	}
}

// Positions and identities at the ends of what a text may have are read.
func TestWhatATextMayHave(t *testing.T) {
	chain := func(pos string) string {
		return `{"id":{"op":"ListThings"},"opened":true,"chains":{"":{` + pos + `}}}`
	}
	for _, payload := range []string{
		chain(`"done":true`),
		chain(`"done":true,"pages":3`),
		chain(`"pages":1,"token":"eA=="`),
		chain(`"token":"eA==","loop":true`),
		chain(`"skip":1`),
		chain(`"token":"eA==","seen":"` + random(256*8) + `"`),
		chain(`"largest":1,"last":"` + random(3*8) + `","passed":"` + random(2*8) + `"`),
		`{"id":{"op":"ListThings"},"start":{"token":"eA==","skip":1}}`,
		`{"id":{"op":"ListThings"},"start":{}}`,
		`{"id":{"op":"Across","parts":[{"op":"ListThings","sources":["a","b"],"scopes":["x",""]},{"op":"ListThings","source":"c"}]}}`,
		`{"id":{"op":"Across","parts":[{"source":"a","hash":"AAAAAAAAAAA="}],"done":"AAAAAAAAAAAAAAAAAAAAAQ=="}}`,
	} {
		var cp backupx.Checkpoint
		require.NoError(t, cp.UnmarshalText(checksummed(t, []byte(payload))), payload)
		require.Equal(t, cp, throughText(t, cp))
	}
}
