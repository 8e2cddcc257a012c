package main

import (
	"net"
	"net/http"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// offline returns a fleet of in-memory services, some of which fail in the ways that real regions do.
func offline() backupx.Fleet {
	denied := fakeaws.Fault{Do: fakeaws.AccessDenied(), When: func(r fakeaws.Request) bool { return r.Parameter("state") == "FAILED" }}
	return backupx.Fleet{
		madeUpSource("111122223333", "us-east-1", 1, 400),
		madeUpSource("111122223333", "eu-west-1", 2, 250),
		madeUpSource("111122223333", "me-south-1", 3, 10, fakeaws.Fault{Do: fakeaws.NotEnabled()}),
		notOffered("111122223333", "aq-south-1"),
		madeUpSource("444455556666", "us-east-1", 4, 300, denied),
		madeUpSource("444455556666", "eu-west-1", 5, 50, fakeaws.Fault{Do: fakeaws.Throttle()}),
		madeUpSource("123456789012", "us-east-1", 6, 0),
	}
}

func madeUpSource(account, region string, seed uint64, jobs int, faults ...fakeaws.Fault) backupx.Source {
	s := fakeaws.New(sources.MadeUpJobsOf(account, seed, jobs), fakeaws.WithAccount(account), fakeaws.WithFaults(faults...))
	return sources.MadeUpSource(account, region, s.Config())
}

// notOffered returns a source of a region in which the host of the service has no address.
func notOffered(account, region string) backupx.Source {
	cfg := fakeaws.New(fakeaws.Data{}, fakeaws.WithRegion(region)).Config()
	cfg.BaseEndpoint = nil // the host is that of AWS in the region
	cfg.HTTPClient = noAddress{}
	return sources.MadeUpSource(account, region, cfg)
}

// noAddress is an HTTP client that fails as if DNS knew no host.
type noAddress struct{}

func (noAddress) Do(r *http.Request) (*http.Response, error) {
	return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
}
