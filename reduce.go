package backupx

import (
	"errors"
	"iter"
	"time"

	"github.com/samber/lo/it"
)

// CountBy counts the items of a range by a key, for example jobs by state. After an error it returns the
// counts so far together with the error. A nil seq or key is an error, without a request.
//
//	states, err := backupx.CountBy(client.BackupJobs(f).All(ctx), func(j types.BackupJob) types.BackupJobState {
//		return j.State
//	})
func CountBy[T any, K comparable](seq iter.Seq2[T, error], key func(T) K) (map[K]int, error) {
	if key == nil {
		return map[K]int{}, errors.New("backupx: CountBy: the function is nil")
	}
	var err error
	counts := it.CountValuesBy(Values(seq, &err), key)
	return counts, err
}

// LatestBy returns the latest item of each key, for example the newest completed job of each resource, to
// find resources that are past their recovery point objective. Of two items with the same time the first one
// stays. After an error it returns the items so far together with the error. A nil seq, key or at is an error,
// without a request.
func LatestBy[T any, K comparable](seq iter.Seq2[T, error], key func(T) K, at func(T) time.Time) (map[K]T, error) {
	latest := map[K]T{}
	if key == nil || at == nil {
		return latest, errors.New("backupx: LatestBy: a function is nil")
	}
	var err error
	for item := range Values(seq, &err) {
		k := key(item)
		if old, ok := latest[k]; !ok || at(item).After(at(old)) {
			latest[k] = item
		}
	}
	return latest, err
}
