package main

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

const fakeClients = "fakes"

func init() { backupxbeam.RegisterClients(fakeClients, new(services).client) }

// fakes says what accounts are made up: the same wherever and whenever they are.
type fakes struct {
	Now     time.Time
	Jobs    int // backup jobs of each source
	Page    int // items of a page at most
	Latency time.Duration
	Cut     string // a source that fails in the middle of listings
	Refused string // a source that fails from the start
}

func (f fakes) clients() backupxbeam.Clients {
	config, _ := json.Marshal(f)
	return backupxbeam.Clients{Factory: fakeClients, Config: string(config)}
}

// services are the fakes of a process.
type services struct{ made sync.Map }

func (s *services) client(_ context.Context, config, source string) (backupx.Client, error) {
	service, ok := s.made.Load(config + source)
	if !ok {
		var f fakes
		if err := json.Unmarshal([]byte(config), &f); err != nil {
			return backupx.Client{}, err
		}
		service, _ = s.made.LoadOrStore(config+source, f.service(source))
	}
	return backupx.New(service.(*fakeaws.Service).Config()), nil
}

// service makes up one account and region.
func (f fakes) service(source string) *fakeaws.Service {
	account, region, _ := strings.Cut(source, "/")
	seed := fnv.New64a()
	seed.Write([]byte(source))
	data := fakeaws.Generate(seed.Sum64(), f.Now, f.Jobs)
	for i := range data.BackupJobs {
		data.BackupJobs[i].AccountId = &account
	}
	for i := range data.CopyJobs {
		data.CopyJobs[i].AccountId = &account
	}
	options := []fakeaws.Option{
		fakeaws.WithAccount(account), fakeaws.WithRegion(region), fakeaws.WithLog(0),
		fakeaws.WithPageSize(f.Page), fakeaws.WithLatency(f.Latency),
		fakeaws.WithFaults(fakeaws.Fault{Nth: 9, Every: 29, Do: fakeaws.Throttle()}),
	}
	if source == f.Cut {
		options = append(options, fakeaws.WithFaults(fakeaws.Fault{Nth: 8, Every: 13, Do: fakeaws.EmptyBody()}))
	}
	if source == f.Refused {
		options = append(options, fakeaws.WithFaults(fakeaws.Fault{Do: fakeaws.NotEnabled()}))
	}
	return fakeaws.New(data, options...)
}
