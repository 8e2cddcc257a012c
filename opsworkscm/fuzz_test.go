package opsworkscm_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

// FuzzResponse requires that no response makes the client panic, and that what it takes for a
// page was one: a JSON object, whole, or nothing at all.
func FuzzResponse(f *testing.F) {
	for _, body := range []string{
		``, ` `, `null`, `{}`, `[]`, `{"Backups":[{"BackupId":"a","CreatedAt":1469799527.52}],"NextToken":"t"}`,
		`{"Backups":[null,{}],"Backups":[]}`, `{"Backups":[{"CreatedAt":"NaN"}]}`, `{"Backups":[{"CreatedAt":1e300}]}`,
		`{"Backups":[{"SubnetIds":["a",null]`, `{"X":{"Y":[1,true,"\u00zz"]}}`, `{"Backups":[{"S3DataSize":-0}]}`,
		`{"__type":"ValidationException","Message":"no"}`, `{"__type":"a#ResourceNotFoundException:b","message":null}`,
	} {
		f.Add(200, "", []byte(body))
		f.Add(400, "", []byte(body))
		f.Add(400, "InvalidNextTokenException:", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, errorType string, body []byte) {
		header := http.Header{"X-Amzn-Errortype": {errorType}}
		cfg := testConfig(t, answers(cannedReply{status: status, header: header, body: string(body)}))
		cfg.RetryMaxAttempts = 1
		out, err := opsworkscm.NewFromConfig(cfg).DescribeBackups(t.Context(), nil)
		if err != nil {
			require.Nil(t, out)
			require.NotEmpty(t, err.Error())
			return
		}
		_, err = json.Marshal(out.Backups)
		require.NoError(t, err)
		if len(body) > 0 {
			var page map[string]any
			require.NoError(t, json.NewDecoder(bytes.NewReader(body)).Decode(&page), "%q", body)
		}
	})
}
