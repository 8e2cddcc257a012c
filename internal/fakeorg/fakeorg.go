// Package fakeorg is an AWS organisation in memory: AWS Organizations, STS, Account Management, and in each account and
// region the services of fakeaws. It is for the tests and the offline runs of what fills a fleet from an organisation.
//
// It needs none of the SDK's clients of these services, so that programs that do not use them can import it.
package fakeorg

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/samber/lo"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// Organization is what the organisation has. Set its fields before the first request. It is an http.Handler and an
// http.RoundTripper, safe for concurrent use.
type Organization struct {
	Caller    string            // the account that has the credentials of Config; others may not list the organisation
	Partition string            // "" means aws
	Accounts  []Account         // in the order in which they are listed
	Units     map[string]string // the units, with the unit or root above each; a root is above itself
	Regions   []string          // all regions of the partition
	PageSize  int               // of lists; 0 means the largest that the service allows
	Role      string            // the role that exists in all accounts except that of the caller, with its path: /audit/reader

	// Services returns the services of an account in a region. Nil stands for services without data.
	Services func(account, region string) *fakeaws.Service

	mu     sync.Mutex
	global map[string]*fakeaws.Service
	local  map[[2]string]*fakeaws.Service
}

// Account is an account of an organisation.
type Account struct {
	ID      string
	Name    string
	State   string            // "" means ACTIVE
	Status  string            // what accounts had before they had a state; "" leaves it out
	Unit    string            // the unit, or the root, that it is in
	Tags    map[string]string // of AWS Organizations
	Regions []string          // those it has opted in to; nil means all of the organisation
	Denied  bool              // STS denies its role
}

// Config returns the configuration of an identity of the account Caller. Requests are answered in process.
func (o *Organization) Config(region string) aws.Config {
	return aws.Config{
		Region: region, HTTPClient: &http.Client{Transport: o}, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// ServeHTTP answers as AWS does at the endpoints of all services.
func (o *Organization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.service(r).ServeHTTP(w, r)
}

// RoundTrip answers in process.
func (o *Organization) RoundTrip(r *http.Request) (*http.Response, error) {
	return o.service(r).RoundTrip(r)
}

var credential = regexp.MustCompile(`Credential=([^/]*)/\d*/([^/]*)/([^/]*)/`)

// service returns the service that answers a request: its signature has the account, the region and the service.
func (o *Organization) service(r *http.Request) *fakeaws.Service {
	signed := append(credential.FindStringSubmatch(r.Header.Get("Authorization")), "", "", "", "")
	account := o.Caller
	if id, ok := strings.CutPrefix(signed[1], "ASIA"); ok {
		account = id
	}
	if slices.Contains([]string{"organizations", "sts", "account"}, signed[3]) {
		return o.Global(account)
	}
	return o.In(account, signed[2])
}

// Global returns AWS Organizations, STS and Account Management as an account sees them.
func (o *Organization) Global(account string) *fakeaws.Service {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.global == nil {
		o.global = map[string]*fakeaws.Service{}
	}
	if o.global[account] == nil {
		o.global[account] = fakeaws.New(fakeaws.Data{}, o.operations(account)...)
	}
	return o.global[account]
}

// In returns the services of an account in a region.
func (o *Organization) In(account, region string) *fakeaws.Service {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.local == nil {
		o.local = map[[2]string]*fakeaws.Service{}
	}
	key := [2]string{account, region}
	if o.local[key] == nil && o.Services != nil {
		o.local[key] = o.Services(account, region)
	}
	if o.local[key] == nil {
		o.local[key] = fakeaws.New(fakeaws.Data{}, fakeaws.WithAccount(account), fakeaws.WithRegion(region))
	}
	return o.local[key]
}

// Count returns the number of requests of all accounts for one operation of the global services: "sts AssumeRole".
func (o *Organization) Count(operation string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, s := range o.global {
		n += lo.CountBy(s.Requests(), func(r fakeaws.Request) bool { return r.Service+" "+r.Operation == operation })
	}
	return n
}

// account returns an account of the organisation.
func (o *Organization) account(id string) (Account, bool) {
	return lo.Find(o.Accounts, func(a Account) bool { return a.ID == id })
}

func (o *Organization) partition() string { return lo.CoalesceOrEmpty(o.Partition, "aws") }
