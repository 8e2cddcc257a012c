package backupxbeam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	backupxbeam "github.com/backupx-go/backupx/beam"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.SetHostile()
	beam.Init()
	log.SetLogger(&log.Standard{Level: log.SevError})
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

func init() {
	backupxbeam.RegisterClients("fakes", clientOf)
	keeps[backupxbeam.BackupJob]()
	keeps[backupxbeam.CopyJob]()
	keeps[backupxbeam.HSMBackup]()
	keeps[backupxbeam.OpsWorksBackup]()
	keeps[backupxbeam.DeadLetter]()
	keeps[backupxbeam.Shard]()
}

var now = time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)

// fleet is the services of one test, by source.
type fleet map[string]*fakeaws.Service

// fleets are the fleets of the tests that run, by the config that their pipelines carry.
var fleets sync.Map

// clientOf is the factory: the worker finds the test's fleet by its config.
func clientOf(_ context.Context, config, source string) (backupx.Client, error) {
	f, ok := fleets.Load(config)
	if !ok {
		return backupx.Client{}, fmt.Errorf("no fleet of %q", config)
	}
	service, ok := f.(fleet)[source]
	if !ok {
		return backupx.Client{}, fmt.Errorf("unknown source %q", source)
	}
	return backupx.New(service.Config()), nil
}

// clients makes a fleet known to workers for as long as the test runs.
func (f fleet) clients(t testing.TB) backupxbeam.Clients {
	fleets.Store(t.Name(), f)
	t.Cleanup(func() { fleets.Delete(t.Name()) })
	return backupxbeam.Clients{Factory: "fakes", Config: t.Name()}
}

// newFleet is so many services, of which each has n backup jobs, and pages of ten.
func newFleet(n int, sources ...string) fleet {
	f := fleet{}
	for i, source := range sources {
		f[source] = fakeaws.New(fakeaws.Generate(uint64(i)+1, now, n), fakeaws.WithPageSize(10))
	}
	return f
}

// kept are the elements that keepFns saw, by collection.
var kept sync.Map

// keepFn keeps the elements of a collection for the test.
type keepFn[T any] struct{ Of string }

type bag[T any] struct {
	mu    sync.Mutex
	items []T
}

func (b *bag[T]) add(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = append(b.items, v)
}

func (f *keepFn[T]) ProcessElement(v T) {
	b, _ := kept.Load(f.Of)
	b.(*bag[T]).add(v)
}

func keeps[T any]() { register.DoFn1x0[T](&keepFn[T]{}) }

// keep has a collection kept, and returns what is in it once the pipeline ran.
func keep[T any](t testing.TB, s beam.Scope, c beam.PCollection) func() []T {
	t.Helper()
	of := fmt.Sprintf("%s/%s/%d", t.Name(), reflect.TypeFor[T](), time.Now().UnixNano())
	b := &bag[T]{}
	kept.Store(of, b)
	t.Cleanup(func() { kept.Delete(of) })
	beam.ParDo0(s, &keepFn[T]{Of: of}, c)
	return func() []T { return slices.Clone(b.items) }
}

// run runs a pipeline on the embedded Prism runner.
func run(t testing.TB, p *beam.Pipeline) map[string]int64 {
	t.Helper()
	result, err := prism.Execute(context.Background(), p)
	require.NoError(t, err)
	return backupxbeam.Counters(result)
}

// shardsOf is a shard of each filter of each source.
func shardsOf[F json.Marshaler](t testing.TB, filters []F, sources ...string) []backupxbeam.Shard {
	t.Helper()
	var all []backupxbeam.Shard
	for _, source := range sources {
		for _, f := range filters {
			shard, err := backupxbeam.NewShard(source, f)
			require.NoError(t, err)
			all = append(all, shard)
		}
	}
	return all
}
