package accounts

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCacheKeepsWhatWasUsedLately(t *testing.T) {
	c := &cache{}
	keys := make([]cacheKey, 5*recentClients)
	made := 0
	for i := range keys {
		keys[i] = cacheKey{&source{}, nil}
	}
	get := func(i int) any { return c.get(keys[i], func() any { made++; return made }) }
	first := get(0)
	for i := range keys {
		require.Equal(t, get(i), get(i))
		require.Equal(t, first, get(0), "used all the time")
		require.LessOrEqual(t, len(c.recent)+len(c.older), 2*recentClients)
	}
	require.Equal(t, len(keys), made)
	for i := len(keys) - recentClients/2; i < len(keys); i++ {
		get(i)
	}
	require.Equal(t, len(keys), made, "those used last were kept")
	get(1)
	require.Equal(t, len(keys)+1, made, "one of long ago was not")
}

func TestClientsOfOneSourceDifferByTheirService(t *testing.T) {
	s := &source{identity: &identity{}, region: "us-east-1", recent: &cache{}}
	other := &source{identity: s.identity, region: "eu-west-1", recent: s.recent}
	require.Same(t, jobs{s}.client(), jobs{s}.client())
	require.NotSame(t, jobs{s}.client(), jobs{other}.client())
	hsm{s}.client()
	require.Len(t, s.recent.recent, 3)
}
