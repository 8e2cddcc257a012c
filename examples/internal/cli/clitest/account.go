package clitest

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// WithAccount returns a copy of cfg in which STS tells that the credentials are of an account. With an empty account STS
// denies it. All other requests go to the HTTP client of cfg.
func WithAccount(cfg aws.Config, account string) aws.Config {
	cfg = cfg.Copy()
	cfg.HTTPClient = identities{cfg.HTTPClient, account}
	return cfg
}

type identities struct {
	aws.HTTPClient

	account string
}

func (i identities) Do(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" { // the protocol of STS, and of no backup service
		return i.HTTPClient.Do(r)
	}
	status := http.StatusOK
	text := fmt.Sprintf(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
		`<Account>%s</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, i.account)
	if i.account == "" {
		status = http.StatusForbidden
		text = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>` +
			`<Code>AccessDenied</Code><Message>it is denied by a policy</Message></Error></ErrorResponse>`
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r,
	}, nil
}
