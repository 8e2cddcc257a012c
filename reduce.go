package backupx

import (
	"iter"
	"time"

	"github.com/samber/lo/it"
)

// CountBy counts the items of a listing by a key: jobs by state, say. On an error it returns what was
// counted together with the error.
//
//	states, err := backupx.CountBy(client.BackupJobs(f).All(ctx), func(j types.BackupJob) types.BackupJobState {
//		return j.State
//	})
func CountBy[T any, K comparable](seq iter.Seq2[T, error], key func(T) K) (map[K]int, error) {
	var err error
	counts := it.CountValuesBy(Values(seq, &err), key)
	return counts, err
}

// LatestBy keeps the latest item of each key: the newest completed job of a resource, say, to see which
// resources are past their recovery point objective. Of two of the same time the first stays. On an
// error it returns what was kept together with the error.
func LatestBy[T any, K comparable](seq iter.Seq2[T, error], key func(T) K, at func(T) time.Time) (map[K]T, error) {
	var err error
	latest := map[K]T{}
	for item := range Values(seq, &err) {
		k := key(item)
		if old, ok := latest[k]; !ok || at(item).After(at(old)) {
			latest[k] = item
		}
	}
	return latest, err
}
