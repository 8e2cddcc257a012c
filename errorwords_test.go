package backupx_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// Behind a word that may introduce a secret, the length of the next word and its characters decide.
func TestWhichWordsAreTakenForSecrets(t *testing.T) {
	for word, secret := range map[string]bool{
		"ab12cd34":            true,
		"ab12cd3":             false,
		"abcdefg=":            true,
		"abcdefg+":            true,
		"abcdefgh":            false,
		"missing":             false,
		"SignatureIsMissing":  false,
		"abcdefabcdefabcd":    true,
		"abcdefabcdefabc":     false,
		"abcdefabcdefabcg":    false,
		"abcdefabcdefABCD":    false,
		"arn:aws:iam::123456": false,
		"https://example/123": false,
		"RequestID1234:":      false,
	} {
		want := word
		if secret {
			want = "[redacted]"
		}
		for _, before := range []string{"signature: ", "bearer ", "credential: '", "secretAccessKey: ", "session_token: "} {
			l := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[int], error) {
				return backupx.Page[int]{}, errors.New("no " + before + word + " was found")
			})
			require.EqualError(t, errOf(t, l), "backupx: ListThings: page 1: no "+before+want+" was found")
		}
	}
}
