package backupx_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// shifting is a service whose page tokens are offsets, newest job first: each job that is created while a client pages
// moves the others by one place.
type shifting struct {
	mu      sync.Mutex
	ids     []string // newest first
	size    int
	created func(request int) int // how many jobs are created before a request
	asked   int
}

func newShifting(n, size int, created func(int) int) *shifting {
	s := &shifting{size: size, created: created}
	s.create(n)
	return s
}

func (s *shifting) create(n int) {
	for range n {
		s.ids = append([]string{fmt.Sprintf("job-%03d", len(s.ids)+1)}, s.ids...)
	}
}

func (s *shifting) page(token *string) (ids []string, next *string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	s.create(s.created(s.asked))
	start := 0
	if token != nil {
		start = lo.Must(strconv.Atoi(*token))
	}
	end := min(start+s.size, len(s.ids))
	if end < len(s.ids) {
		next = aws.String(strconv.Itoa(end))
	}
	return s.ids[start:end], next
}

func (s *shifting) ListBackupJobs(_ context.Context, in *backup.ListBackupJobsInput, _ ...func(*backup.Options)) (*backup.ListBackupJobsOutput, error) {
	ids, next := s.page(in.NextToken)
	return &backup.ListBackupJobsOutput{NextToken: next, BackupJobs: lo.Map(ids, func(id string, _ int) types.BackupJob {
		return types.BackupJob{BackupJobId: aws.String(id), CreationDate: aws.Time(day.Add(time.Duration(lo.Must(strconv.Atoi(id[4:]))) * time.Minute))}
	})}, nil
}

func (s *shifting) ListCopyJobs(_ context.Context, in *backup.ListCopyJobsInput, _ ...func(*backup.Options)) (*backup.ListCopyJobsOutput, error) {
	ids, next := s.page(in.NextToken)
	return &backup.ListCopyJobsOutput{NextToken: next, CopyJobs: lo.Map(ids, func(id string, _ int) types.CopyJob {
		return types.CopyJob{CopyJobId: aws.String(id)}
	})}, nil
}

func (s *shifting) DescribeBackups(_ context.Context, in *cloudhsmv2.DescribeBackupsInput, _ ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
	ids, next := s.page(in.NextToken)
	return &cloudhsmv2.DescribeBackupsOutput{NextToken: next, Backups: lo.Map(ids, func(id string, _ int) hsmtypes.Backup {
		return hsmtypes.Backup{BackupId: aws.String(id)}
	})}, nil
}

// shiftingOpsWorks is the same service with the operation of OpsWorks CM.
type shiftingOpsWorks struct{ *shifting }

func (s shiftingOpsWorks) DescribeBackups(_ context.Context, in *backupx.OpsWorksDescribeBackupsInput, _ ...func(*backupx.OpsWorksOptions)) (*backupx.OpsWorksDescribeBackupsOutput, error) {
	ids, next := s.page(in.NextToken)
	return &backupx.OpsWorksDescribeBackupsOutput{NextToken: next, Backups: lo.Map(ids, func(id string, _ int) backupx.OpsWorksBackup {
		return backupx.OpsWorksBackup{BackupId: aws.String(id)}
	})}, nil
}

// lists are all operations over a shifting service, as ids.
func (s *shifting) lists() map[string]backupx.Listing[string] {
	return map[string]backupx.Listing[string]{
		"BackupJobs": backupx.Map(backupx.BackupJobs(s, backupx.BackupJobFilter{}), idOf),
		"CopyJobs":   backupx.Map(backupx.CopyJobs(s, backupx.CopyJobFilter{}), copyID),
		"HSMBackups": backupx.Map(backupx.HSMBackups(s, backupx.HSMFilter{}), hsmID),
		"OpsWorksBackups": backupx.Map(backupx.OpsWorksBackups(shiftingOpsWorks{s}, backupx.OpsWorksFilter{}), func(b backupx.OpsWorksBackup) string {
			return aws.ToString(b.BackupId)
		}),
	}
}

func TestPagesThatShiftRepeatNothing(t *testing.T) {
	for name := range newShifting(0, 1, nil).lists() {
		for how, read := range map[string]func(backupx.Listing[string]) backupx.Listing[string]{
			"one page after another": func(l backupx.Listing[string]) backupx.Listing[string] { return l },
			"Prefetch":               func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(2) },
			"Limit":                  func(l backupx.Listing[string]) backupx.Listing[string] { return l.Limit(25) },
			"Prefetch and Limit":     func(l backupx.Listing[string]) backupx.Listing[string] { return l.Prefetch(1).Limit(25) },
			"Where": func(l backupx.Listing[string]) backupx.Listing[string] {
				return l.Where(func(id string) bool { return id <= "job-025" })
			},
			"Concat": func(l backupx.Listing[string]) backupx.Listing[string] { return backupx.Concat(l).Limit(25) },
			"Merge": func(l backupx.Listing[string]) backupx.Listing[string] {
				return backupx.Merge(strings.Compare, l).Limit(25)
			},
			"Across": func(l backupx.Listing[string]) backupx.Listing[string] {
				return fleetOf(map[string]backupx.Listing[string]{"a": l}, nil).Limit(25)
			},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				s := newShifting(30, 4, func(request int) int { return (request - 1) % 5 }) // up to the size of a page
				got, err := drain(read(s.lists()[name]).All(t.Context()))
				require.NoError(t, err)
				require.Equal(t, lo.Uniq(got), got)
				if how == "one page after another" || how == "Prefetch" {
					require.Len(t, got, 30)
				} else {
					require.Len(t, got, 25)
				}
			})
		}
	}
}

func TestPagesThatShiftBetweenTheRangesOfACursorRepeatNothing(t *testing.T) {
	for name := range newShifting(0, 1, nil).lists() {
		for n := range 30 {
			s := newShifting(30, 4, func(int) int { return 0 })
			cursor := s.lists()[name].Cursor()
			first := take(t, cursor.All(t.Context()), n)
			s.create(2)
			rest, err := drain(cursor.All(t.Context()))
			require.NoError(t, err)
			got := append(first, rest...)
			require.Equal(t, lo.Uniq(got), got, "%s: a break after %d", name, n)
			require.Subset(t, got, s.ids[2:], "%s: a break after %d", name, n)
		}
	}
}

// A checkpoint of one chain has no ids: it would grow with the page. Only the last page can come twice.
func TestTheCheckpointOfOneChainHasNoIDs(t *testing.T) {
	for name := range newShifting(0, 1, nil).lists() {
		s := newShifting(300, 100, func(int) int { return 0 })
		cursor := s.lists()[name].Cursor()
		take(t, cursor.All(t.Context()), 150)
		require.Less(t, len(textOf(t, cursor.Checkpoint())), 400, name)
		s.create(2)
		rest := resumeFrom(t, s.lists()[name], cursor.Checkpoint())
		require.GreaterOrEqual(t, len(rest), 150, name)
		require.LessOrEqual(t, len(rest), 152, name)
	}
}

func TestAJobThatIsTwiceOnAPageIsDeliveredOnce(t *testing.T) {
	s := newShifting(5, 10, func(int) int { return 0 })
	s.ids = append(s.ids, s.ids[:2]...)
	for name, l := range s.lists() {
		got, err := drain(l.All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, s.ids[:5], got, name)
	}
}
