package main

import (
	"time"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/examples/internal/sources"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// offline returns a fleet of in-memory services with a clock that stands still: each run has the same jobs.
func offline(latency time.Duration) backupx.Fleet {
	var fleet backupx.Fleet
	for _, account := range []string{"111122223333", "444455556666"} {
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			s := fakeaws.New(sources.MadeUpJobs(uint64(len(fleet)+5), 300),
				fakeaws.WithClock(sources.MadeUp), fakeaws.WithLatency(latency), fakeaws.WithLog(0))
			fleet = append(fleet, sources.MadeUpSource(account, region, s.Config()))
		}
	}
	return fleet
}
