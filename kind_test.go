package backupx_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/testenv"
	"github.com/backupx-go/backupx/opsworkscm"
)

// failure is a way in which the calls of a service fail.
type failure struct {
	kind   backupx.Kind
	says   string // a part of the error's text, which shows that the calls failed in this way
	config func(*testing.T) aws.Config
	within func(context.Context) (context.Context, context.CancelFunc) // nil: no end
}

// TestKindOf makes each failure with real clients of the three services, whose requests reach servers and a DNS server
// of the test only. A row with a comment says why its kind is not another one.
func TestKindOf(t *testing.T) {
	for group, rows := range map[string]map[string]failure{
		"a host that does not resolve": hostFailures(),
		"an answer of the service":     answerFailures(),
		"an answer of another server":  foreignAnswers(),
		"no answer":                    connectionFailures(),
		"no credentials":               credentialsFailures(),
	} {
		for name, row := range rows {
			t.Run(group+"/"+name, func(t *testing.T) {
				cfg, ctx := row.config(t), t.Context()
				if row.within != nil {
					within, cancel := row.within(ctx)
					defer cancel()
					ctx = within
				}
				for service, err := range failuresOf(ctx, cfg) {
					require.ErrorContains(t, err, row.says, service)
					var op *smithy.OperationError
					require.ErrorAs(t, err, &op)
					require.Equal(t, service, op.ServiceID, "the error is that of the operation")
					require.Equal(t, row.kind, backupx.KindOf(err), "%s: %v", service, err)
					require.Equal(t, row.kind, backupx.KindOf(fmt.Errorf("tonight: %w", err)), service)
				}
				if row.within != nil {
					return // the context ends the whole range, not one source
				}
				fleet := backupx.Fleet{{Name: "s", Client: backupx.New(cfg)}}
				_, err := backupx.Across(fleet, listJobs).Collect(ctx)
				require.Equal(t, map[string]backupx.Kind{"s": row.kind}, kindsOf(t, err))
				require.Equal(t, row.kind, backupx.KindOf(err))
			})
		}
	}
}

// failuresOf returns the errors of a call of each service, by the service's id.
func failuresOf(ctx context.Context, cfg aws.Config) map[string]error {
	_, jobs := backup.NewFromConfig(cfg).ListBackupJobs(ctx, &backup.ListBackupJobsInput{})
	_, hsm := cloudhsmv2.NewFromConfig(cfg).DescribeBackups(ctx, &cloudhsmv2.DescribeBackupsInput{})
	_, opsWorks := opsworkscm.NewFromConfig(cfg).DescribeBackups(ctx, &opsworkscm.DescribeBackupsInput{})
	return map[string]error{"Backup": jobs, "CloudHSM V2": hsm, "OpsWorksCM": opsWorks}
}

func hostFailures() map[string]failure {
	return map[string]failure{
		"a region without the service": {
			kind: backupx.KindNotOffered, says: ".aq-south-1.amazonaws.com",
			config: inRegion("aq-south-1"),
		},
		"a region of China": {
			kind: backupx.KindNotOffered, says: ".cn-west-9.amazonaws.com.cn",
			config: inRegion("cn-west-9"),
		},
		"a region of the European partition": {
			kind: backupx.KindNotOffered, says: ".eusc-de-east-9.amazonaws.eu",
			config: inRegion("eusc-de-east-9"),
		},
		"an isolated region": {
			kind: backupx.KindNotOffered, says: ".us-iso-east-9.c2s.ic.gov",
			config: inRegion("us-iso-east-9"),
		},
		// DESIGN does not say. No client refuses a region that it does not know, so that a mistyped region has the
		// same error as a region without the service: both have no host for it.
		"a region that is mistyped": {
			kind: backupx.KindNotOffered, says: ".us-esat-1.amazonaws.com",
			config: inRegion("us-esat-1"),
		},
		// DESIGN does not say. The clients go on with their own rules, and the host is the service's own.
		"an endpoint not found by a resolver of the caller": {
			kind: backupx.KindNotOffered, says: ".xx-nowhere-9.amazonaws.com",
			config: with(inRegion("xx-nowhere-9"), func(_ *testing.T, c *aws.Config) {
				//lint:ignore SA1019 programs written for it still run
				c.EndpointResolverWithOptions = aws.EndpointResolverWithOptionsFunc(func(service, region string, _ ...any) (aws.Endpoint, error) {
					//lint:ignore SA1019 as above
					return aws.Endpoint{}, &aws.EndpointNotFoundError{Err: errors.New(service + " in " + region)}
				})
			}),
		},
		// DESIGN does not say. The service may be there, only not over IPv6.
		"a dual-stack endpoint": {
			kind: backupx.KindOther, says: ".aq-south-1.api.aws",
			config: with(inRegion("aq-south-1"), func(_ *testing.T, c *aws.Config) {
				c.ConfigSources = []any{variant{dualStack: aws.DualStackEndpointStateEnabled}}
			}),
		},
		"a FIPS endpoint": {
			kind: backupx.KindOther, says: "-fips.aq-south-1.amazonaws.com",
			config: with(inRegion("aq-south-1"), func(_ *testing.T, c *aws.Config) {
				c.ConfigSources = []any{variant{fips: aws.FIPSEndpointStateEnabled}}
			}),
		},
		"a FIPS endpoint of a pseudo region": {
			kind: backupx.KindOther, says: "-fips.aq-south-1.amazonaws.com",
			config: inRegion("fips-aq-south-1"),
		},
		"a FIPS and dual-stack endpoint": {
			kind: backupx.KindOther, says: "-fips.aq-south-1.api.aws",
			config: with(inRegion("aq-south-1"), func(_ *testing.T, c *aws.Config) {
				c.ConfigSources = []any{variant{aws.DualStackEndpointStateEnabled, aws.FIPSEndpointStateEnabled}}
			}),
		},
		"an endpoint of the caller": {
			kind: backupx.KindOther, says: "lookup gateway.corp.example",
			config: endpoint("https://gateway.corp.example"),
		},
		"an endpoint of the caller, mistyped": {
			kind: backupx.KindOther, says: "lookup bakcup.us-east-1.amazonaws.com",
			config: endpoint("https://bakcup.us-east-1.amazonaws.com"),
		},
		"an endpoint of the caller, of another domain": {
			kind: backupx.KindOther, says: "lookup backup.us-east-1.amazonaws.example",
			config: endpoint("https://backup.us-east-1.amazonaws.example"),
		},
		"an endpoint of the caller, of another service": {
			kind: backupx.KindOther, says: "lookup ec2.aq-south-1.amazonaws.com",
			config: endpoint("https://ec2.aq-south-1.amazonaws.com"),
		},
		"an interface endpoint of a VPC": {
			kind: backupx.KindOther, says: "lookup vpce-0a1b2c3d.backup.us-east-1.vpce.amazonaws.com",
			config: endpoint("https://vpce-0a1b2c3d.backup.us-east-1.vpce.amazonaws.com"),
		},
		"a proxy": {
			kind: backupx.KindOther, says: "lookup proxy.corp.example",
			config: with(inRegion("us-east-1"), through("http://proxy.corp.example:3128")),
		},
		"a SOCKS proxy": {
			kind: backupx.KindOther, says: "lookup socks.corp.example",
			config: with(inRegion("us-east-1"), through("socks5://socks.corp.example:1080")),
		},
		"a proxy resolves the host": {
			kind: backupx.KindOther, says: "Bad Gateway",
			config: with(inRegion("aq-south-1"), throughServer(http.StatusBadGateway, "")),
		},
		"STS": {
			kind: backupx.KindOther, says: "lookup sts.us-east-1.amazonaws.com",
			config: with(inRegion("us-east-1"), assumeRole("")),
		},
		"STS of a region without it": {
			kind: backupx.KindOther, says: "lookup sts.aq-south-1.amazonaws.com",
			config: with(inRegion("aq-south-1"), assumeRole("")),
		},
		"IAM Identity Center": {
			kind: backupx.KindOther, says: "lookup portal.sso.us-east-1.amazonaws.com",
			config: with(inRegion("us-east-1"), identityCenter("", time.Hour)),
		},
		"IAM Identity Center before AssumeRole": {
			kind: backupx.KindOther, says: "lookup portal.sso.us-east-1.amazonaws.com",
			config: with(with(inRegion("us-east-1"), identityCenter("", time.Hour)), assumeRole("")),
		},
		"an agent with credentials": {
			kind: backupx.KindOther, says: "lookup agent.corp.example",
			config: with(inRegion("us-east-1"), container("http://agent.corp.example/credentials")),
		},
		// The credentials provider has no operation of the SDK, and looks up a host with the name of the service's.
		"a credentials provider": {
			kind: backupx.KindOther, says: "lookup backup.us-east-1.amazonaws.com",
			config: with(inRegion("us-east-1"), container("http://backup.us-east-1.amazonaws.com/credentials")),
		},
		"the DNS server fails": {
			kind: backupx.KindOther, says: "server misbehaving",
			config: inRegion("xx-servfail-1"),
		},
		"the DNS server does not answer": {
			kind: backupx.KindOther, says: "i/o timeout",
			config: with(inRegion("xx-silent-1"), func(t *testing.T, c *aws.Config) {
				c.HTTPClient = clientWith(t, serveDNS(t), 50*time.Millisecond)
			}),
		},
		"no DNS server": {
			kind: backupx.KindOther, says: "connection refused",
			config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				c.HTTPClient = clientWith(t, &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "udp", Err: errors.New("connection refused")}
				}}, time.Minute)
			}),
		},
	}
}

func answerFailures() map[string]failure {
	rows := map[string]failure{}
	for kind, codes := range map[backupx.Kind]map[string]int{
		backupx.KindNotEnabled: {
			"UnrecognizedClientException": http.StatusBadRequest, "InvalidClientTokenId": http.StatusForbidden,
			"OptInRequired": http.StatusForbidden, "SubscriptionRequiredException": http.StatusBadRequest,
			"AuthFailure": http.StatusUnauthorized, "InvalidAccessKeyId": http.StatusForbidden, "NotSignedUp": http.StatusForbidden,
			"InvalidClientTokenIdException": http.StatusForbidden, "SubscriptionRequired": http.StatusForbidden,
		},
		backupx.KindDenied: {
			"AccessDenied": http.StatusForbidden, "AccessDeniedException": http.StatusForbidden,
			"CloudHsmAccessDeniedException": http.StatusBadRequest, "UnauthorizedOperation": http.StatusForbidden,
			"AuthorizationError": http.StatusForbidden, "AuthorizationErrorException": http.StatusForbidden,
		},
		backupx.KindThrottled: {
			"ThrottlingException": http.StatusBadRequest, "TooManyRequestsException": http.StatusTooManyRequests,
			"RequestLimitExceeded": http.StatusServiceUnavailable, "Throttling": http.StatusBadRequest, "SlowDown": http.StatusServiceUnavailable,
		},
		backupx.KindOther: {
			"ExpiredToken": http.StatusForbidden, "ExpiredTokenException": http.StatusForbidden, "RequestExpired": http.StatusBadRequest,
			"SignatureDoesNotMatch": http.StatusForbidden, "InvalidSignatureException": http.StatusForbidden,
			"IncompleteSignature": http.StatusForbidden, "IncompleteSignatureException": http.StatusForbidden,
			"MissingAuthenticationToken": http.StatusForbidden, "MissingAuthenticationTokenException": http.StatusForbidden,
			"ServiceUnavailableException": http.StatusServiceUnavailable, "InternalFailure": http.StatusInternalServerError,
			// DESIGN does not say. A service that lacks one operation, or an imitation of it, is there.
			"UnknownOperationException": http.StatusNotFound,
			"ValidationException":       http.StatusBadRequest, "InvalidParameterValueException": http.StatusBadRequest,
			"ResourceNotFoundException": http.StatusBadRequest,
			// DESIGN does not say. An API gateway and a firewall in front of the service send it too.
			"ForbiddenException": http.StatusForbidden,
		},
	} {
		for code, status := range codes {
			rows[code] = failure{kind: kind, says: code + ": because", config: answers(status, code)}
		}
	}
	return rows
}

// page is what a proxy sends instead of an answer.
const page = "<html><head><title>Blocked</title></head><body>Ask your administrator: AccessDeniedException</body></html>"

func foreignAnswers() map[string]failure {
	return map[string]failure{
		"403 without a body":         {kind: backupx.KindOther, says: "StatusCode: 403", config: answersWith(http.StatusForbidden, "")},
		"403 with a page of a proxy": {kind: backupx.KindOther, says: "StatusCode: 403", config: answersWith(http.StatusForbidden, page)},
		"403 with a message only": {
			kind: backupx.KindOther, says: "StatusCode: 403", config: answersWith(http.StatusForbidden, `{"message":"Forbidden"}`),
		},
		"401 with a page of a proxy": {kind: backupx.KindOther, says: "StatusCode: 401", config: answersWith(http.StatusUnauthorized, page)},
		"404 with a page":            {kind: backupx.KindOther, says: "StatusCode: 404", config: answersWith(http.StatusNotFound, page)},
		"407 with a page of a proxy": {kind: backupx.KindOther, says: "StatusCode: 407", config: answersWith(http.StatusProxyAuthRequired, page)},
		// DESIGN does not say. Whoever sent it, fewer requests are the remedy, and the SDK takes it for throttling.
		"429 without a code": {kind: backupx.KindThrottled, says: "StatusCode: 429", config: answersWith(http.StatusTooManyRequests, "")},
		"500 without a body": {kind: backupx.KindOther, says: "StatusCode: 500", config: answersWith(http.StatusInternalServerError, "")},
		"502 with a page":    {kind: backupx.KindOther, says: "StatusCode: 502", config: answersWith(http.StatusBadGateway, page)},
		"503 without a body": {kind: backupx.KindOther, says: "StatusCode: 503", config: answersWith(http.StatusServiceUnavailable, "")},
		"200 with a page":    {kind: backupx.KindOther, says: "deserialization failed", config: answersWith(http.StatusOK, page)},
		"a proxy forbids the tunnel": {
			kind: backupx.KindOther, says: "Forbidden",
			config: with(inRegion("us-east-1"), throughServer(http.StatusForbidden, page)),
		},
		"a proxy wants a password for the tunnel": {
			kind: backupx.KindOther, says: "Proxy Authentication Required",
			config: with(inRegion("us-east-1"), throughServer(http.StatusProxyAuthRequired, page)),
		},
	}
}

func connectionFailures() map[string]failure {
	silent := func(t *testing.T) aws.Config {
		return endpoint(serve(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}).URL)(t)
	}
	return map[string]failure{
		"the connection is refused": {
			kind: backupx.KindOther, says: "dial tcp 127.0.0.1:", config: func(t *testing.T) aws.Config {
				s := serve(t, http.NotFound)
				s.Close()
				return endpoint(s.URL)(t)
			},
		},
		"the connection is cut": {
			kind: backupx.KindOther, says: "EOF", config: func(t *testing.T) aws.Config {
				return endpoint(serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }).URL)(t)
			},
		},
		"an unknown certificate": {
			kind: backupx.KindOther, says: "x509: ", config: func(t *testing.T) aws.Config {
				s := httptest.NewUnstartedServer(http.NotFoundHandler())
				s.Config.ErrorLog = log.New(io.Discard, "", 0)
				s.StartTLS()
				t.Cleanup(s.Close)
				return endpoint(s.URL)(t)
			},
		},
		"the deadline has passed": {
			kind: backupx.KindOther, says: "context deadline exceeded", config: silent,
			within: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 100*time.Millisecond)
			},
		},
		"the context is cancelled": {
			kind: backupx.KindOther, says: "context canceled", config: silent,
			within: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(100*time.Millisecond, cancel)
				return ctx, cancel
			},
		},
		"the deadline has passed while a host is looked up": {
			kind: backupx.KindOther, says: "context deadline exceeded", config: inRegion("xx-silent-1"),
			within: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 100*time.Millisecond)
			},
		},
		"no region":          {kind: backupx.KindOther, says: "Missing Region", config: inRegion("")},
		"an unusable region": {kind: backupx.KindOther, says: "invalid input region", config: inRegion("us east 1")},
	}
}

func credentialsFailures() map[string]failure {
	role := func(status int, code string) func(*testing.T) aws.Config {
		return with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) { assumeRole(stsAnswer(t, status, code))(t, c) })
	}
	fails := func(err error) func(*testing.T) aws.Config {
		return with(inRegion("us-east-1"), func(_ *testing.T, c *aws.Config) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, err })
		})
	}
	return map[string]failure{
		"the role is denied": {
			kind: backupx.KindDenied, says: "operation error STS: AssumeRole, https response error StatusCode: 403", config: role(http.StatusForbidden, "AccessDenied"),
		},
		// DESIGN names AssumeRole. The trust policy of the role denies its variants for the same reasons.
		"the role is denied to a web identity": {
			kind: backupx.KindDenied, says: "operation error STS: AssumeRoleWithWebIdentity, ", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				client := sts.NewFromConfig(endpointOf(*c, stsAnswer(t, http.StatusForbidden, "AccessDenied")))
				file := filepath.Join(t.TempDir(), "token")
				require.NoError(t, os.WriteFile(file, []byte("token"), 0o600))
				c.Credentials = aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(client, roleARN, stscreds.IdentityTokenFile(file)))
			}),
		},
		"the first of two roles is denied": {
			kind: backupx.KindDenied, says: "operation error STS: AssumeRole, get identity: ", config: func(t *testing.T) aws.Config {
				cfg := role(http.StatusForbidden, "AccessDenied")(t)
				assumeRole("")(t, &cfg)
				return cfg
			},
		},
		"the session that assumes the role has expired": {
			kind: backupx.KindOther, says: "api error ExpiredToken", config: role(http.StatusForbidden, "ExpiredToken"),
		},
		"the signature to STS is wrong": {
			kind: backupx.KindOther, says: "api error SignatureDoesNotMatch", config: role(http.StatusForbidden, "SignatureDoesNotMatch"),
		},
		"STS does not know the key": {
			kind: backupx.KindOther, says: "api error InvalidClientTokenId", config: role(http.StatusForbidden, "InvalidClientTokenId"),
		},
		"STS is switched off in the region": {
			kind: backupx.KindOther, says: "RegionDisabledException", config: role(http.StatusForbidden, "RegionDisabledException"),
		},
		// A lower rate of the listing does not help: the credentials are requested once.
		"STS throttles": {kind: backupx.KindOther, says: "api error Throttling", config: role(http.StatusBadRequest, "Throttling")},
		"STS answers 429": {
			kind: backupx.KindOther, says: "StatusCode: 429", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				assumeRole(serve(t, status(http.StatusTooManyRequests, "")).URL)(t, c)
			}),
		},
		"a proxy forbids STS": {
			kind: backupx.KindOther, says: "StatusCode: 403", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				assumeRole(serve(t, status(http.StatusForbidden, page)).URL)(t, c)
			}),
		},
		"the session of IAM Identity Center has expired": {
			kind: backupx.KindOther, says: "the SSO session has expired", config: with(inRegion("us-east-1"), identityCenter("", -time.Hour)),
		},
		"IAM Identity Center does not know the session": {
			kind: backupx.KindOther, says: "UnauthorizedException", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				identityCenter(serve(t, coded(http.StatusUnauthorized, "UnauthorizedException")).URL, time.Hour)(t, c)
			}),
		},
		// DESIGN leaves denials to the service and to AssumeRole: the assignment of a role in IAM Identity Center is another thing.
		"IAM Identity Center denies the role": {
			kind: backupx.KindOther, says: "api error AccessDeniedException", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				identityCenter(serve(t, coded(http.StatusForbidden, "AccessDeniedException")).URL, time.Hour)(t, c)
			}),
		},
		"a metadata service answers 403": {
			kind: backupx.KindOther, says: "StatusCode: 403", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				instance(serve(t, status(http.StatusForbidden, "")).URL)(t, c)
			}),
		},
		"an agent of a container denies": {
			kind: backupx.KindOther, says: "AccessDeniedException", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				container(serve(t, agent(http.StatusForbidden, "AccessDeniedException")).URL)(t, c)
			}),
		},
		"an agent denies before AssumeRole": {
			kind: backupx.KindOther, says: "AccessDeniedException", config: with(inRegion("us-east-1"), func(t *testing.T, c *aws.Config) {
				container(serve(t, agent(http.StatusForbidden, "AccessDeniedException")).URL)(t, c)
				assumeRole("")(t, c)
			}),
		},
		"a provider fails":          {kind: backupx.KindOther, says: "no role today", config: fails(errors.New("no role today"))},
		"a provider has a code":     {kind: backupx.KindOther, says: "no vault", config: fails(&smithy.GenericAPIError{Code: "AccessDenied", Message: "no vault"})},
		"a provider gives no key":   {kind: backupx.KindOther, says: "static credentials", config: fails(errors.New("static credentials are empty"))},
		"a provider is not enabled": {kind: backupx.KindOther, says: "no", config: fails(&smithy.GenericAPIError{Code: "OptInRequired", Message: "no"})},
	}
}

// Errors that no client of this module makes: of other services, of stubs, and of several sources.
func TestKindOfErrorsOfOthers(t *testing.T) {
	api := func(code string) error { return &smithy.GenericAPIError{Code: code} }
	calling := func(service, operation string, err error) error {
		return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: err}
	}
	op := func(service string, err error) error { return calling(service, "List", err) }
	unknown := func(host string) error { return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true} }
	source := func(err error) *backupx.SourceError {
		return &backupx.SourceError{Source: "s", Kind: backupx.KindOf(err), Err: err}
	}
	denied, throttled := api("AccessDeniedException"), api("ThrottlingException")

	for name, c := range map[string]struct {
		kind backupx.Kind
		err  error
	}{
		"nil":                              {"", nil},
		"any error":                        {backupx.KindOther, errors.New("any")},
		"an error without an operation":    {backupx.KindDenied, denied},
		"a stub":                           {backupx.KindDenied, op("Backup", denied)},
		"a host of no operation":           {backupx.KindOther, unknown("backup.aq-south-1.amazonaws.com")},
		"a neighbour":                      {backupx.KindNotOffered, op("RDS", unknown("rds.aq-south-1.amazonaws.com"))},
		"a neighbour with a longer name":   {backupx.KindNotOffered, op("Storage Gateway", unknown("storagegateway.aq-south-1.amazonaws.com"))},
		"a name with a dot and capitals":   {backupx.KindNotOffered, op("Backup", unknown("Backup.aq-south-1.amazonaws.com."))},
		"a neighbour of another host":      {backupx.KindOther, op("RDS", unknown("backup.aq-south-1.amazonaws.com"))},
		"a domain that is too long":        {backupx.KindOther, op("RDS", unknown("rds.aq-south-1.amazonaws.com.corp.example"))},
		"a name without a domain":          {backupx.KindOther, op("RDS", unknown("rds"))},
		"a name that may exist":            {backupx.KindOther, op("RDS", &net.DNSError{Err: "timeout", Name: "rds.aq-south-1.amazonaws.com", IsTimeout: true})},
		"STS itself":                       {backupx.KindOther, op("STS", unknown("sts.aq-south-1.amazonaws.com"))}, // every region has it
		"a client that signs with the key": {backupx.KindOther, op("EC2", &v4.SigningError{Err: denied})},
		"a client of an older generation":  {backupx.KindOther, op("EC2", fmt.Errorf("failed to sign: %w", op("SSO", denied)))},
		"STS denies another operation":     {backupx.KindOther, op("RDS", fmt.Errorf("get identity: %w", calling("STS", "GetFederationToken", denied)))},
		"AssumeRole of another service":    {backupx.KindOther, op("RDS", fmt.Errorf("get identity: %w", calling("Vault", "AssumeRole", denied)))},
		"retries that ran out":             {backupx.KindThrottled, op("RDS", errors.Join(throttled, errors.New("retry quota exceeded")))},
		"several sources":                  {backupx.KindDenied, backupx.SourceErrors{source(denied), source(op("RDS", denied))}},
		"sources that differ":              {backupx.KindOther, backupx.SourceErrors{source(denied), source(throttled)}},
		"one source":                       {backupx.KindThrottled, source(throttled)},
		"no source":                        {backupx.KindOther, backupx.SourceErrors{}},
		"a page of one source":             {backupx.KindDenied, &backupx.ListError{Err: backupx.SourceErrors{source(denied)}}},
	} {
		require.Equal(t, c.kind, backupx.KindOf(c.err), name)
	}
}

// with changes a configuration.
func with(config func(*testing.T) aws.Config, change func(*testing.T, *aws.Config)) func(*testing.T) aws.Config {
	return func(t *testing.T) aws.Config {
		t.Helper()
		cfg := config(t)
		change(t, &cfg)
		return cfg
	}
}

// inRegion configures clients of a region, whose hosts a DNS server of the test resolves. It knows no host.
func inRegion(region string) func(*testing.T) aws.Config {
	return func(t *testing.T) aws.Config {
		t.Helper()
		return aws.Config{
			Region: region,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG"}, nil
			}),
			HTTPClient: clientWith(t, serveDNS(t), time.Minute),
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 2, time.Nanosecond })
			},
		}
	}
}

// clientWith returns an HTTP client that resolves hosts with a resolver and gives up connecting after a time.
func clientWith(t *testing.T, resolver *net.Resolver, timeout time.Duration) *http.Client {
	t.Helper()
	dialer := &net.Dialer{Resolver: resolver, Timeout: timeout}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// endpoint configures clients of an endpoint.
func endpoint(url string) func(*testing.T) aws.Config {
	return with(inRegion("us-east-1"), func(_ *testing.T, c *aws.Config) { *c = endpointOf(*c, url) })
}

func endpointOf(cfg aws.Config, url string) aws.Config {
	cfg.BaseEndpoint = nil
	if url != "" {
		cfg.BaseEndpoint = aws.String(url)
	}
	return cfg
}

// variant is a source of the shared configuration that asks for variants of the endpoints.
type variant struct {
	dualStack aws.DualStackEndpointState
	fips      aws.FIPSEndpointState
}

func (v variant) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return v.dualStack, v.dualStack != aws.DualStackEndpointStateUnset, nil
}

func (v variant) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return v.fips, v.fips != aws.FIPSEndpointStateUnset, nil
}

// through sends the requests through a proxy.
func through(proxy string) func(*testing.T, *aws.Config) {
	return func(t *testing.T, c *aws.Config) {
		t.Helper()
		u, err := url.Parse(proxy)
		require.NoError(t, err)
		c.HTTPClient.(*http.Client).Transport.(*http.Transport).Proxy = http.ProxyURL(u)
	}
}

// throughServer sends the requests through a proxy that answers all with this status.
func throughServer(code int, body string) func(*testing.T, *aws.Config) {
	return func(t *testing.T, c *aws.Config) {
		t.Helper()
		through(serve(t, status(code, body)).URL)(t, c)
	}
}

// serve starts a server that ends with the test.
func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s
}

// answers configures clients of a server that answers with an error code of AWS, answersWith one that answers with a
// status and a body only.
func answers(status int, code string) func(*testing.T) aws.Config {
	return func(t *testing.T) aws.Config { return endpoint(serve(t, coded(status, code)).URL)(t) }
}

func answersWith(code int, body string) func(*testing.T) aws.Config {
	return func(t *testing.T) aws.Config { return endpoint(serve(t, status(code, body)).URL)(t) }
}

// coded answers with an error code in the places where REST JSON and AWS JSON have it.
func coded(code int, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", name)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		status(code, fmt.Sprintf(`{"__type":%q,"message":"because"}`, name))(w, r)
	}
}

// agent answers as the agents do that give credentials to containers.
func agent(code int, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		status(code, fmt.Sprintf(`{"code":%q,"message":"because"}`, name))(w, r)
	}
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

const roleARN = "arn:aws:iam::111122223333:role/backup-audit"

// assumeRole gives the clients a role's credentials, for which STS is called with the credentials before. The
// endpoint "" is that of the region.
func assumeRole(endpoint string) func(*testing.T, *aws.Config) {
	return func(_ *testing.T, c *aws.Config) {
		client := sts.NewFromConfig(endpointOf(*c, endpoint))
		c.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, roleARN))
	}
}

// stsAnswer returns the URL of a server that answers as STS does, with an error code.
func stsAnswer(t *testing.T, code int, name string) string {
	t.Helper()
	return serve(t, status(code, fmt.Sprintf(
		`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code>`+
			`<Message>because</Message></Error><RequestId>r</RequestId></ErrorResponse>`, name))).URL
}

// container gives the clients the credentials that an agent of a container gives.
func container(url string) func(*testing.T, *aws.Config) {
	return func(_ *testing.T, c *aws.Config) {
		c.Credentials = aws.NewCredentialsCache(endpointcreds.New(url, func(o *endpointcreds.Options) {
			o.HTTPClient, o.Retryer = c.HTTPClient, aws.NopRetryer{}
		}))
	}
}

// instance gives the clients the credentials that the metadata service of an EC2 instance gives.
func instance(url string) func(*testing.T, *aws.Config) {
	return func(t *testing.T, c *aws.Config) {
		t.Helper()
		testenv.Clean(t, "AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+url)
		loaded, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(c.Region), config.WithHTTPClient(c.HTTPClient),
			config.WithLogger(logging.Nop{})) // it warns of the metadata service
		require.NoError(t, err)
		c.Credentials = loaded.Credentials
	}
}

// identityCenter gives the clients the credentials of a session of IAM Identity Center that ends after a time. The
// endpoint "" is that of the region.
func identityCenter(endpoint string, ends time.Duration) func(*testing.T, *aws.Config) {
	const start = "https://corp.awsapps.com/start"
	return func(t *testing.T, c *aws.Config) {
		t.Helper()
		home := t.TempDir()
		sum := sha1.Sum([]byte(start))
		token, err := json.Marshal(map[string]string{
			"accessToken": "token", "expiresAt": time.Now().Add(ends).UTC().Format(time.RFC3339), "region": c.Region, "startUrl": start,
		})
		require.NoError(t, err)
		cache := filepath.Join(home, ".aws", "sso", "cache")
		require.NoError(t, os.MkdirAll(cache, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(cache, hex.EncodeToString(sum[:])+".json"), token, 0o600))
		profile := filepath.Join(home, "config")
		require.NoError(t, os.WriteFile(profile, []byte("[profile corp]\nsso_start_url = "+start+"\nsso_region = "+c.Region+
			"\nsso_account_id = 111122223333\nsso_role_name = audit\n"), 0o600))

		pairs := []string{"HOME=" + home, "USERPROFILE=" + home, "AWS_CONFIG_FILE=" + profile}
		if endpoint != "" {
			pairs = append(pairs, "AWS_ENDPOINT_URL_SSO="+endpoint)
		}
		testenv.Clean(t, pairs...)
		loaded, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile("corp"), config.WithRegion(c.Region),
			config.WithHTTPClient(c.HTTPClient), config.WithRetryer(c.Retryer))
		require.NoError(t, err)
		c.Credentials = loaded.Credentials
	}
}

// serveDNS starts a DNS server and returns its resolver. The server knows no name. It fails for names with the label
// xx-servfail-1, and does not answer for those with xx-silent-1.
func serveDNS(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	go func() {
		defer close(done)
		for buffer := make([]byte, 4096); ; {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := answerDNS(buffer[:n]); answer != nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
	ends := t.Context()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if err := ends.Err(); err != nil {
			return nil, err
		}
		conn, err := new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
		if err == nil { // the resolver goes on waiting for an answer after the request has given up
			context.AfterFunc(ends, func() { _ = conn.Close() })
		}
		return conn, err
	}}
}

// answerDNS returns the answer to a query for one name, nil for none. The answer is the header and the question of
// the query, with other flags and without additional records (RFC 1035, section 4.1).
func answerDNS(query []byte) []byte {
	const (
		header      = 12
		isAnswer    = 0x80
		recursive   = 0x80
		serverFails = 2
		noSuchName  = 3
	)
	end := header
	var labels []string
	for end < len(query) && query[end] != 0 {
		length := int(query[end])
		labels = append(labels, string(query[end+1:end+1+length]))
		end += 1 + length
	}
	end += 1 + 2 + 2 // the root, the type and the class
	code := byte(noSuchName)
	switch name := strings.Join(labels, "."); {
	case strings.Contains(name, "xx-silent-1"):
		return nil
	case strings.Contains(name, "xx-servfail-1"):
		code = serverFails
	}
	answer := append([]byte{}, query[:end]...)
	answer[2] |= isAnswer
	answer[3] = recursive | code
	copy(answer[6:header], make([]byte, 6)) // no records
	return answer
}
