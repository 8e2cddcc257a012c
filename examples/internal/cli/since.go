package cli

import "github.com/backupx-go/backupx/internal/since"

// Since is the value of the flag -since of all programs.
type Since = since.Value

// SinceVar defines the flag -since. The value is its default; it may be empty. The usage says what is listed; what the
// flag takes is added.
func (f *Flags) SinceVar(s *Since, value, usage string) {
	if value != "" {
		if err := s.Set(value); err != nil {
			panic(err) // of the program, not of its caller
		}
	}
	f.Var(s, "since", usage+", "+since.Takes)
}
