package decode_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/fixtures/fakeaws"
	"github.com/backupx-go/backupx/internal/decode"
)

// jobsPage is a page of a thousand backup jobs.
func jobsPage(t testing.TB) []byte {
	t.Helper()
	now := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	cfg := fakeaws.New(fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, now.AddDate(0, 0, -30), now, 1000)}).Config()
	k := keeping{base: cfg.HTTPClient}
	cfg.HTTPClient = &k
	_, err := backup.NewFromConfig(cfg).ListBackupJobs(t.Context(), &backup.ListBackupJobsInput{MaxResults: aws.Int32(1000)})
	require.NoError(t, err)
	return k.body
}

// keeping keeps the body of the last response.
type keeping struct {
	base aws.HTTPClient
	body []byte
}

func (k *keeping) Do(r *http.Request) (*http.Response, error) {
	resp, err := k.base.Do(r)
	if err != nil {
		return nil, err
	}
	if k.body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	return answer(k.body).Do(r)
}

// What a caller keeps of a page keeps the values beside it alive, in the slabs that they share: a few KB an item, and
// not the page.
func TestAnItemKeepsLittleOfItsPageAlive(t *testing.T) {
	body := jobsPage(t)
	decoder := decode.New[backup.ListBackupJobsOutput]("BackupJobs")
	for each, most := range map[int]float64{1: 1_100, 10: 8_000, 1000: 16_000} { // bytes an item
		pages := 20 * min(each, 10)
		kept := make([]types.BackupJob, 0, pages*1000/each)
		before := heap()
		for range pages {
			output, ok := decoder.Decode(body)
			require.True(t, ok)
			jobs := output.(*backup.ListBackupJobsOutput).BackupJobs
			for i := each / 2; i < len(jobs); i += each {
				kept = append(kept, jobs[i])
			}
		}
		perItem := float64(heap()-before) / float64(len(kept))
		require.Less(t, perItem, most, "one of %d items is kept", each)
		t.Logf("one of %d items is kept: %.0f bytes an item", each, perItem)
		runtime.KeepAlive(kept)
	}
}

// A page takes memory in proportion to its body, however its items differ in length.
func TestShortItemsBeforeALongOneTakeLittleMemory(t *testing.T) {
	decoder := decode.New[backup.ListBackupJobsOutput]("BackupJobs")
	for _, n := range []int{1, 7, 8, 63, 64, 100, 1000} {
		body := []byte(`{"BackupJobs":[` + strings.Repeat(`{},`, n) + `{"StatusMessage":"` + strings.Repeat("x", 8<<20) + `"}]}`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, ok := decoder.Decode(body)
		runtime.ReadMemStats(&after)
		require.True(t, ok)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*len(body)), "%d short items", n)
	}
}

// heap returns how many bytes are alive.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkPage decodes a page of a thousand jobs with the SDK's client, and here.
func BenchmarkPage(b *testing.B) {
	body := jobsPage(b)
	jobs := services()[0]
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := jobs.call(body)
			require.NoError(b, err)
		}
	})
	b.Run("backupx", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, ok := jobs.decoder.Decode(body)
			require.True(b, ok)
		}
	})
}
