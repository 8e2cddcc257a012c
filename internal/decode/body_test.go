package decode_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/decode"
)

var jobPages = decode.New[backup.ListBackupJobsOutput]("BackupJobs")

func TestWhatIsDeclinedReadsAsItCame(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{``, `{}`, `{"BackupJobs":[`, `{"BackupJobs":[]} x`, strings.Repeat(`{"BackupJobs":[{}],`, 2000)} {
		for _, length := range []int64{-1, 0, 7, 1 << 40} {
			r := jobPages.Reader(new(decode.Buffers))
			output, rest := r.Read(iotest.HalfReader(strings.NewReader(text)), length)
			require.Nil(t, output)
			require.NoError(t, iotest.TestReader(rest, []byte(text)))
			output, rest = r.Read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), length)
			require.Nil(t, output)
			got, err := io.ReadAll(rest)
			require.Equal(t, text, string(got))
			require.ErrorIs(t, err, broken)
		}
	}
}

// A page that is followed by an error is the client's.
func TestAPageThatEndsInAnErrorIsDeclined(t *testing.T) {
	output, _ := jobPages.Reader(new(decode.Buffers)).Read(
		io.MultiReader(strings.NewReader(`{"BackupJobs":[]}`), iotest.ErrReader(io.ErrUnexpectedEOF)), -1)
	require.Nil(t, output)
}

// The memory of one body is that of the next, and no output is in it.
func TestOutputsKeepTheirValuesWhileBuffersAreUsedAgain(t *testing.T) {
	var buffers decode.Buffers
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			var want []string
			var got []*backup.ListBackupJobsOutput
			for i := range 200 {
				id := fmt.Sprintf("%d-%d-%s", g, i, strings.Repeat("x", i*7%600))
				output, rest := jobPages.Reader(&buffers).Read(strings.NewReader(`{"BackupJobs":[{"BackupJobId":"`+id+`"}]}`), int64(i*11))
				text, err := io.ReadAll(rest)
				if err != nil || string(text) != "{}" {
					t.Errorf("the client reads %q, %v", text, err)
				}
				want, got = append(want, id), append(got, output.(*backup.ListBackupJobsOutput))
			}
			for i, output := range got {
				if *output.BackupJobs[0].BackupJobId != want[i] {
					t.Errorf("%s is now %s", want[i], *output.BackupJobs[0].BackupJobId)
				}
			}
		})
	}
	wg.Wait()
}
