// Command fleet lists the backup jobs of many accounts and regions that went wrong, as one listing: one
// JSON object a job on stdout, and on stderr what it will cost, how far it is (on a terminal only), and
// at the end how each source did. A region that fails does not hide the others.
//
//	go run ./examples/fleet                                      made-up accounts, no network
//	go run ./examples/fleet -live -region us-east-1,eu-west-1
//	go run ./examples/fleet -live -profile prod,test -region us-east-1,eu-west-1 -days 1
//	go run ./examples/fleet -live -role 'arn:aws:iam::{account}:role/BackupAudit' \
//		-accounts 111122223333,444455556666 -region us-east-1,eu-west-1 | jq .resource
//
// # Live
//
// The sources are each profile, or each account by the role to assume in it, in each region. An account
// has one credential, shared by its regions and kept until it expires. It needs the permission
// backup:ListBackupJobs, and sts:AssumeRole for -role. Nothing is changed.
//
// # Exit status
//
//	0  all sources were listed whole
//	1  a source failed: its row says how
//	2  there is no listing: the flags or the configuration are wrong, or it was interrupted
//
// go run itself prints "exit status 1" where a source failed, as some do offline by design.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/backupx-go/backupx/examples/internal/cli"
)

// The exit status of the program.
const (
	exitWhole = iota
	exitPartial
	exitNone
)

func main() {
	cli.Main("fleet", program{load: cli.LoadConfig, now: time.Now, terminal: isTerminal(os.Stderr)}.run)
}

// program is what a run depends on.
type program struct {
	load     cli.ConfigLoader
	now      func() time.Time
	terminal bool // stderr is one
}

// run is the [cli.Program].
func (p program) run(ctx context.Context, args []string, stdout, stderr io.Writer) (int, error) {
	o, err := parse(args, stderr)
	if err != nil {
		return exitNone, err
	}
	fleet, err := p.fleet(ctx, o)
	if err != nil {
		return exitNone, err
	}
	l := listing{fleet: fleet, filter: o.filter(p.clock(o)), options: o}
	fmt.Fprintln(stderr, l.estimate())
	progress := newProgress(stderr, p.terminal, len(fleet))
	rows, err := l.write(ctx, stdout, progress)
	progress.clear()
	fmt.Fprint(stderr, table(rows))
	if err != nil {
		return exitNone, err
	}
	return status(rows), nil
}

// clock is when a run takes place.
func (p program) clock(o options) time.Time {
	if !o.live {
		return madeUp
	}
	return p.now()
}

// isTerminal reports whether a person looks at a file.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
