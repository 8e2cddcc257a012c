//go:build (!unix && !windows) || solaris || illumos || aix

package lock

func lock(string) (unlock func(), err error) { return func() {}, nil }
