package backupx_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/fixtures/fakeaws"
)

// midway is a checkpoint in the middle of a listing of failed jobs.
func midway(t *testing.T) backupx.Checkpoint {
	t.Helper()
	cursor := clientOf(service()).BackupJobs(backupx.BackupJobFilter{}.States("FAILED").CreatedAfter(day.AddDate(0, 0, -40))).
		Scope("111122223333/us-east-1").PageSize(2).Cursor()
	take(t, cursor.All(t.Context()), 3)
	return cursor.Checkpoint()
}

func TestTheZeroCheckpointIsTheStart(t *testing.T) {
	var cp backupx.Checkpoint
	require.False(t, cp.Done())
	require.Empty(t, textOf(t, cp))
	require.Equal(t, cp, throughText(t, cp))
	require.ErrorIs(t, cp.Filter(new(backupx.BackupJobFilter)), backupx.ErrCheckpoint)
	require.Equal(t, newShelf("a", 5, 2).items, resumeFrom(t, newShelf("a", 5, 2).list(), cp))
}

func TestACheckpointOfACursorThatWasNotReadIsTheStart(t *testing.T) {
	s := newShelf("a", 5, 2)
	cp := s.list().StartAt(shelfToken + "2").Cursor().Checkpoint()
	require.False(t, cp.Done())
	require.Equal(t, s.items[2:], resumeFrom(t, s.list().StartAt(shelfToken+"2"), cp))
	_, err := newShelf("a", 5, 2).list().Scope("other").Resume(cp)
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
}

func TestResumeSaysWhatIsWrongWithTheListing(t *testing.T) {
	s := newShelf("a", 5, 2)
	for name, cp := range map[string]backupx.Checkpoint{"zero": {}, "not read": s.list().Cursor().Checkpoint()} {
		t.Run(name, func(t *testing.T) {
			_, err := s.list().Limit(0).Resume(cp)
			require.EqualError(t, err, "backupx: ListThings: Limit: 0: it must be at least 1")
		})
	}
}

func TestACheckpointsTextIsPrintable(t *testing.T) {
	cp := midway(t)
	require.Regexp(t, `^backupx1\.[A-Za-z0-9_-]+\.[0-9a-f]+$`, textOf(t, cp))
	require.Equal(t, textOf(t, cp), textOf(t, throughText(t, cp)), "equal places have equal text")
}

func TestEveryAlteredByteOfACheckpointIsFound(t *testing.T) {
	text := textOf(t, midway(t))
	for i := range text {
		for _, b := range []byte{'A', 'b', '0', '.', '_', 0xff, text[i] ^ 1, text[i] ^ 0x20} {
			if b == text[i] {
				continue
			}
			altered := text[:i] + string([]byte{b}) + text[i+1:]
			requireNoCheckpoint(t, altered)
		}
		requireNoCheckpoint(t, text[:i]+text[i+1:])
		if i > 0 {
			requireNoCheckpoint(t, text[:i])
		}
	}
	for _, other := range []string{text + "0", text + "\n", " " + text, text + text, "backupx1..", "backupx1.", "backupx", "x", "null", "{}"} {
		requireNoCheckpoint(t, other)
	}
}

func requireNoCheckpoint(t *testing.T, text string) {
	t.Helper()
	var cp backupx.Checkpoint
	require.ErrorIs(t, cp.UnmarshalText([]byte(text)), backupx.ErrCheckpoint, "%q", text)
	require.Equal(t, backupx.Checkpoint{}, cp, "a text that is none leaves the checkpoint as it was")
}

func TestACheckpointOfAnotherVersionIsAnError(t *testing.T) {
	var cp backupx.Checkpoint
	text := strings.Replace(textOf(t, midway(t)), "backupx1.", "backupx2.", 1)
	require.EqualError(t, cp.UnmarshalText([]byte(text)), "backupx: checkpoint cannot be used: its text is of another version")
	require.ErrorContains(t, json.Unmarshal([]byte(`"`+text+`"`), &cp), "another version")
	later := checksummed(t, []byte(`{"id":{"op":"ListThings"},"learnt":"later"}`))
	require.ErrorIs(t, cp.UnmarshalText(later), backupx.ErrCheckpoint, "what it does not know it does not pass over")
}

// Members that this version does not know are an error at any depth: a later version may have changed the meaning of
// the others with them.
func TestUnknownMembersOfACheckpointAreAnError(t *testing.T) {
	for _, payload := range []string{
		`{"id":{"op":"ListThings","learnt":"later"}}`,
		`{"id":{"op":"Concat","parts":[{"op":"ListThings","learnt":"later"}]}}`,
		`{"id":{"op":"ListThings"},"start":{"learnt":"later"}}`,
		`{"id":{"op":"ListThings"},"opened":true,"chains":{"":{"token":"eA==","learnt":"later"}}}`,
	} {
		requireNoCheckpoint(t, string(checksummed(t, []byte(payload))))
		known := strings.NewReplacer(`,"learnt":"later"`, "", `"learnt":"later"`, "").Replace(payload)
		require.NoError(t, new(backupx.Checkpoint).UnmarshalText(checksummed(t, []byte(known))), "the other members are valid")
	}
}

func TestResumeRejectsTheCheckpointOfAnotherListing(t *testing.T) {
	s := service()
	client := clientOf(s)
	hsm := client.HSMBackups(backupx.HSMFilter{}).Cursor()
	take(t, hsm.All(t.Context()), 1)
	failed := backupx.BackupJobFilter{}.States("FAILED").CreatedAfter(day.AddDate(0, 0, -40))
	jobs := midway(t)
	s.ResetRequests()

	for name, c := range map[string]struct {
		resume func() error
		text   string
	}{
		"no scope": {
			resuming(client.BackupJobs(failed), jobs),
			`backupx: ListBackupJobs: checkpoint cannot be used: it is of the scope "111122223333/us-east-1", not ""`,
		},
		"another scope": {
			resuming(client.BackupJobs(failed).Scope("444455556666/us-east-1"), jobs),
			`it is of the scope "111122223333/us-east-1", not "444455556666/us-east-1"`,
		},
		"another filter": {
			resuming(client.BackupJobs(failed.TopLevel()).Scope("111122223333/us-east-1"), jobs),
			"it is of the filter BackupJobFilter{states: FAILED, createdAfter: 2026-02-02T00:00:00Z}, not " +
				"BackupJobFilter{states: FAILED, createdAfter: 2026-02-02T00:00:00Z, topLevel}",
		},
		"another operation": {
			resuming(client.CopyJobs(backupx.CopyJobFilter{}.States("FAILED")).Scope("111122223333/us-east-1"), jobs),
			"it is of the operation",
		},
		"another service's DescribeBackups": {
			resuming(client.OpsWorksBackups(backupx.OpsWorksFilter{}), hsm.Checkpoint()),
			"it is of the operation cloudhsm:DescribeBackups, not opsworks-cm:DescribeBackups",
		},
		"a combination": {
			resuming(backupx.Concat(client.BackupJobs(failed).Scope("111122223333/us-east-1")), jobs),
			"it is of the operation",
		},
		"another name": {
			resuming(newShelf("a", 3, 1).list(), jobs),
			"not ListThings",
		},
		"a listing at fault": {
			resuming(client.BackupJobs(failed).Scope("111122223333/us-east-1").Limit(0), jobs),
			"Limit: 0: it must be at least 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.resume()
			require.ErrorContains(t, err, c.text)
			if name != "a listing at fault" {
				require.ErrorIs(t, err, backupx.ErrCheckpoint)
			}
			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			require.Equal(t, 0, list.Page)
		})
	}
	require.Zero(t, s.RequestCount(), "nothing is sent")
}

func resuming[T any](l backupx.Listing[T], cp backupx.Checkpoint) func() error {
	return func() error {
		_, err := l.Resume(cp)
		return err
	}
}

func TestResumeRejectsOtherCombinationsAndInputs(t *testing.T) {
	a, b := newShelf("a", 4, 2), newShelf("b", 4, 2)
	other := backupx.List("ListOthers", b.fetch)
	cursor := backupx.Concat(a.list(), other).Cursor()
	take(t, cursor.All(t.Context()), 3)
	for name, l := range map[string]backupx.Listing[string]{
		"fewer":   backupx.Concat(a.list()),
		"more":    backupx.Concat(a.list(), other, other),
		"turned":  backupx.Concat(other, a.list()),
		"merged":  backupx.Merge(strings.Compare, a.list(), other),
		"scoped":  backupx.Concat(a.list().Scope("x"), other),
		"flatter": backupx.Concat(backupx.Concat(a.list()), other),
	} {
		require.ErrorIs(t, resuming(l, cursor.Checkpoint())(), backupx.ErrCheckpoint, name)
	}

	client := clientOf(service())
	all := jobsByOperation(client.Backup, backup.ListBackupJobsInput{})
	completed := jobsByOperation(client.Backup, backup.ListBackupJobsInput{ByState: "COMPLETED"})
	jobs := completed.PageSize(2).Cursor()
	take(t, jobs.All(t.Context()), 3)
	require.ErrorIs(t, resuming(all, jobs.Checkpoint())(), backupx.ErrCheckpoint)
	require.NoError(t, resuming(completed, jobs.Checkpoint())())
}

func TestACheckpointOfOtherChainsIsAnError(t *testing.T) {
	for _, chains := range []string{`{"x":{}}`, `{"":{},"x":{}}`, `{}`} {
		var cp backupx.Checkpoint
		text := checksummed(t, []byte(`{"id":{"op":"ListThings"},"opened":true,"chains":`+chains+`}`))
		require.NoError(t, cp.UnmarshalText(text))
		require.ErrorIs(t, resuming(newShelf("a", 1, 1).list(), cp)(), backupx.ErrCheckpoint, chains)
	}
}

func TestACheckpointReturnsItsFilter(t *testing.T) {
	cp := throughText(t, midway(t))
	var f backupx.BackupJobFilter
	require.NoError(t, cp.Filter(&f))
	require.Equal(t, backupx.BackupJobFilter{}.States("FAILED").CreatedAfter(day.AddDate(0, 0, -40)).String(), f.String())

	_, err := clientOf(service()).BackupJobs(f).Scope("111122223333/us-east-1").Resume(cp)
	require.NoError(t, err)

	copies := backupx.CopyJobFilter{}.States("RUNNING")
	require.EqualError(t, cp.Filter(&copies),
		"backupx: checkpoint cannot be used: it holds a filter of backup:ListBackupJobs, not of backup:ListCopyJobs")
	require.Equal(t, backupx.CopyJobFilter{}.States("RUNNING"), copies)
	require.ErrorIs(t, newShelf("a", 1, 1).list().Cursor().Checkpoint().Filter(&f), backupx.ErrCheckpoint)
}

func TestDoneReportsTheEndOfAListing(t *testing.T) {
	s := newShelf("a", 4, 2)
	cursor := s.list().Cursor()
	for n := range s.items {
		require.False(t, cursor.Checkpoint().Done(), "before item %d", n)
		take(t, cursor.All(t.Context()), 1)
	}
	require.True(t, cursor.Checkpoint().Done(), "behind the last item of a last page")

	nothing := clientOf(service()).BackupJobs(backupx.BackupJobFilter{}.States()).Cursor()
	require.False(t, nothing.Checkpoint().Done())
	_, err := drain(nothing.All(t.Context()))
	require.NoError(t, err)
	require.True(t, nothing.Checkpoint().Done())
}

func TestRangingWithinARangeOfTheSameCursorIsAnError(t *testing.T) {
	s := newShelf("a", 5, 2)
	cursor, got := s.list().Cursor(), []string{}
	for item, err := range cursor.All(t.Context()) {
		require.NoError(t, err)
		got = append(got, item)
		inner, err := drain(cursor.All(t.Context()))
		require.EqualError(t, err, "backupx: ListThings: this cursor is being ranged over already")
		require.Empty(t, inner)
	}
	require.Equal(t, s.items, got, "the outer range goes on")
	require.Equal(t, 3, s.count())
}

func TestACursorSurvivesAPanicOfItsConsumer(t *testing.T) {
	s := newShelf("a", 5, 2)
	cursor := s.list().Cursor()
	require.Panics(t, func() {
		for range cursor.All(t.Context()) {
			panic("consumer")
		}
	})
	rest, err := drain(cursor.All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, s.items[1:], rest)
}

func TestTokensOfTheAWSCLI(t *testing.T) {
	for name, c := range map[string]struct{ token, err string }{
		"the AWS CLI's":         {cli(`{"NextToken": "shelf-token-2"}`), ""},
		"within a page":         {cli(`{"NextToken": "shelf-token-2", "boto_truncate_amount": 1}`), ""},
		"within the first page": {cli(`{"NextToken": null, "boto_truncate_amount": 1}`), ""},
		"the beginning":         {cli(`{"NextToken": null}`), ""},
		"empty":                 {"", "the token is empty, as at the end of a listing"},
		"no base64":             {"shelf-token-2", "not a token of the AWS CLI"},
		"blank":                 {" ", "not a token of the AWS CLI"},
		"no JSON":               {cli("garbage"), "it holds no JSON object"},
		"no object":             {cli(`["NextToken"]`), "it holds no JSON object"},
		"null":                  {cli(`null`), "it holds no NextToken"},
		"another operation's":   {cli(`{"Marker": "x"}`), "it holds no NextToken"},
		"other types":           {cli(`{"NextToken": 7}`), "its members are of other types"},
		"negative":              {cli(`{"NextToken": null, "boto_truncate_amount": -1}`), "it skips less than nothing"},
		"no number":             {cli(`{"NextToken": null, "boto_truncate_amount": "1"}`), "its members are of other types"},
		"a fraction":            {cli(`{"NextToken": null, "boto_truncate_amount": 1.5}`), "its members are of other types"},
		"several tokens":        {cli(`{"NextToken": "x", "Marker": "y"}`), "not a token of this operation"},
		"encoded bytes":         {cli(`{"NextToken": "eA==", "boto_encoded_keys": [["NextToken"]]}`), "not a token of this operation"},
		"cut":                   {cli(`{"NextToken": "shelf-token-2"}`)[:20], "not a token of the AWS CLI"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf("a", 5, 2)
			_, err := drain(s.list().StartAtCLI(c.token).All(t.Context()))
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
			require.ErrorContains(t, err, c.err)
			require.Zero(t, s.count(), "nothing is sent")

			var list *backupx.ListError
			require.ErrorAs(t, err, &list)
			_, err = s.list().Resume(throughText(t, list.Checkpoint))
			require.ErrorIs(t, err, backupx.ErrCheckpoint, "the start would deliver everything again")
			_, err = list.Checkpoint.CLIToken()
			require.ErrorIs(t, err, backupx.ErrCheckpoint)
			require.False(t, list.Checkpoint.Done())
		})
	}
}

func TestAPageTokenOfTheServiceIsNoCLIToken(t *testing.T) {
	s := newShelf("a", 5, 2)
	for _, token := range []string{"shelf-token-2", "AQICAHh+secret/token==", cli(`{"id": 7, "at": "2026-03-14"}`), cli(`[7]`), cli("opaque")} {
		_, err := drain(s.list().StartAtCLI(token).All(t.Context()))
		require.ErrorContains(t, err, "a page token of the service itself goes to StartAt", token)
	}
	items, err := drain(s.list().StartAt("shelf-token-2").All(t.Context()))
	require.NoError(t, err)
	require.Equal(t, s.items[2:], items)
}

func TestCLITokensGoThereAndBack(t *testing.T) {
	s := newShelf("a", 7, 3)
	for n := range len(s.items) {
		cursor := s.list().Cursor()
		first := take(t, cursor.All(t.Context()), n)
		token, err := cursor.Checkpoint().CLIToken()
		require.NoError(t, err)
		rest, err := drain(s.list().PageSize(2).StartAtCLI(token).All(t.Context()))
		require.NoError(t, err)
		require.Equal(t, s.items, append(first, rest...), token)
	}
}

func TestSeveralChainsHaveNoCLIToken(t *testing.T) {
	client := clientOf(service())
	states := client.BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED"))
	cursor := states.Cursor()
	take(t, cursor.All(t.Context()), 1)
	_, err := cursor.Checkpoint().CLIToken()
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	require.ErrorContains(t, err, "this listing has several")

	_, err = states.StartAtCLI(cli(`{"NextToken": "x"}`)).Collect(t.Context())
	require.ErrorContains(t, err, "StartAt: a token belongs to one chain, and this listing has several")

	_, err = drain(cursor.All(t.Context()))
	require.NoError(t, err)
	token, err := cursor.Checkpoint().CLIToken()
	require.NoError(t, err)
	require.Empty(t, token, "at the end there is none")
}

// Before the first range no listing has chains.
// A position that a token of the CLI cannot hold is an error: a token without a part of it delivers items again.
func TestPositionsThatTheCLIDoesNotKnowHaveNoCLIToken(t *testing.T) {
	s := fakeaws.New(fakeaws.Data{HSM: runs()})
	restarted := clientOf(s).HSMBackups(backupx.HSMFilter{}).PageSize(4).Cursor()
	take(t, restarted.All(t.Context()), 6)
	died := tokensDie(s, "CloudHsmInvalidRequestException")
	_, err := drain(restarted.All(t.Context()))
	require.ErrorIs(t, err, backupx.ErrTokenExpired)
	died.Remove()
	require.NoError(t, restarted.Restart())
	_, err = throughText(t, restarted.Checkpoint()).CLIToken()
	require.EqualError(t, err, "backupx: checkpoint cannot be used: the AWS CLI's tokens know of no items to pass over, as after Restart")

	binary := backupx.List("ListThings", func(context.Context, string, int) (backupx.Page[string], error) {
		return backupx.Page[string]{Items: []string{"a"}, Next: "\xff\xfe"}, nil
	})
	_, err = throughText(t, cpAfter(t, binary, 1)).CLIToken()
	require.EqualError(t, err, "backupx: checkpoint cannot be used: the AWS CLI's tokens are UTF-8, and the page token is not")
}

// A listing of listings of which one has a refused start has no place to start at: resumed without that start, it would
// deliver everything again.
func TestARefusedCLITokenInACombinationLeavesNoPlaceToStartAt(t *testing.T) {
	s := newShelf("a", 5, 2)
	combine := func(l backupx.Listing[string]) map[string]backupx.Listing[string] {
		fleet := fleetOf(map[string]backupx.Listing[string]{"a": l}, nil)
		return map[string]backupx.Listing[string]{
			"itself": l, "Map": backupx.Map(l, same), "Where": l.Where(all), "Concat": backupx.Concat(s.list(), l),
			"Merge": backupx.Merge(strings.Compare, l, s.list()), "Across": fleet, "nested": backupx.Concat(backupx.Concat(fleet)),
		}
	}
	whole := combine(s.list())
	for name, l := range combine(s.list().StartAtCLI("shelf-token-2")) {
		cursor := l.Cursor()
		require.ErrorIs(t, resuming(whole[name], cursor.Checkpoint())(), backupx.ErrCheckpoint, name)
		_, err := drain(cursor.All(t.Context()))
		var list *backupx.ListError
		require.ErrorAs(t, err, &list, name)
		require.ErrorIs(t, resuming(whole[name], list.Checkpoint)(), backupx.ErrCheckpoint, name)
		require.ErrorIs(t, resuming(whole[name], throughText(t, cursor.Checkpoint()))(), backupx.ErrCheckpoint, name)
		_, err = cursor.Checkpoint().CLIToken()
		require.ErrorIs(t, err, backupx.ErrCheckpoint, name)
	}
	require.Zero(t, s.count())
}

func TestTheCLITokenOfAListingThatWasNotBegunIsItsStart(t *testing.T) {
	for name, cp := range map[string]backupx.Checkpoint{
		"one chain":       newShelf("a", 4, 2).list().Cursor().Checkpoint(),
		"several chains":  clientOf(service()).BackupJobs(backupx.BackupJobFilter{}.States("COMPLETED", "FAILED")).Cursor().Checkpoint(),
		"several sources": newShelfFleet("s", 2, 4).list().Cursor().Checkpoint(),
	} {
		token, err := throughText(t, cp).CLIToken()
		require.NoError(t, err, name)
		require.Equal(t, cli(`{"NextToken":null}`), token, name)
	}
}

func TestServicesTokensExpireAndAreRefused(t *testing.T) {
	now := day
	s := fakeaws.New(fakeaws.Data{BackupJobs: backupJobKind().items},
		fakeaws.WithClock(func() time.Time { return now }), fakeaws.WithTokenLife(time.Hour))
	listing := clientOf(s).BackupJobs(backupx.BackupJobFilter{}).PageSize(10)
	cursor := listing.Cursor()
	take(t, cursor.All(t.Context()), 15)
	now = now.Add(2 * time.Hour)

	cursor, err := listing.Resume(throughText(t, cursor.Checkpoint()))
	require.NoError(t, err)
	items, err := drain(cursor.All(t.Context()))
	require.Empty(t, items)
	var invalid *types.InvalidParameterValueException
	require.ErrorAs(t, err, &invalid)
	require.ErrorContains(t, err, "backupx: ListBackupJobs: page 2: ")
}

func TestAWindowedCheckpointHasNoCLIToken(t *testing.T) {
	client := clientOf(fakeaws.New(fakeaws.Data{BackupJobs: fakeaws.GenerateBackupJobs(1, day.AddDate(0, 0, -30), day, 40)}))
	client.Now = func() time.Time { return day }
	cursor := client.BackupJobs(backupx.BackupJobFilter{}).Every(10 * 24 * time.Hour).PageSize(2).Cursor()
	take(t, cursor.All(t.Context()), 38)

	_, err := cursor.Checkpoint().CLIToken()

	require.ErrorIs(t, err, backupx.ErrCheckpoint)
}

func TestACheckpointBeforeTheFirstRangeKeepsTheStart(t *testing.T) {
	s := newShelf("item", 6, 2)
	cp := throughText(t, s.list().StartAt(shelfToken+"4").Cursor().Checkpoint())

	cursor, err := s.list().Resume(cp)
	require.NoError(t, err)
	items, err := drain(cursor.All(t.Context()))

	require.NoError(t, err)
	require.Equal(t, []string{"item-004", "item-005"}, items)
	token, err := cp.CLIToken()
	require.NoError(t, err)
	items, err = s.list().StartAtCLI(token).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"item-004", "item-005"}, items)
}

// A checkpoint that is made before the first range keeps the skip of a CLI token, and returns the token unchanged.
func TestACheckpointBeforeTheFirstRangeKeepsTheSkip(t *testing.T) {
	for token, want := range map[string]int{
		`{"NextToken":"shelf-token-3","boto_truncate_amount":2}`: 5,
		`{"NextToken":null,"boto_truncate_amount":1}`:            1,
		`{"NextToken":"shelf-token-6"}`:                          6,
	} {
		s := newShelf("a", 9, 3)
		l := s.list().StartAtCLI(cli(token))
		resumed, err := s.list().Resume(throughText(t, l.Cursor().Checkpoint()))
		require.NoError(t, err)
		_, err = l.PageSize(-1).Collect(t.Context())
		var stopped *backupx.ListError
		require.ErrorAs(t, err, &stopped)
		require.Zero(t, s.count(), "nothing is sent")

		for how, cp := range map[string]backupx.Checkpoint{
			"of a cursor": l.Cursor().Checkpoint(), "of a resumed cursor": resumed.Checkpoint(),
			"of a range that could not begin": stopped.Checkpoint,
		} {
			back, err := cp.CLIToken()
			require.NoError(t, err)
			require.Equal(t, cli(token), back, how)
			require.Equal(t, s.items[want:], resumeFrom(t, s.list(), cp), "%s of %s", how, token)
			require.Equal(t, s.items[want:], resumeFrom(t, s.list().PageSize(1), cp), "%s of %s, in smaller pages", how, token)
		}
	}
}

func TestACheckpointOfARangeThatCouldNotBeginKeepsTheStart(t *testing.T) {
	s := newShelf("a", 6, 2)
	_, err := s.list().StartAt(shelfToken + "4").PageSize(-1).Collect(t.Context())
	var stopped *backupx.ListError
	require.ErrorAs(t, err, &stopped)
	require.Equal(t, s.items[4:], resumeFrom(t, s.list(), stopped.Checkpoint))
}

func TestAnInputThatIsNoJSONCannotBeResumed(t *testing.T) {
	type input struct {
		Ratio float64
		Token *string
	}
	pages := 0
	l := backupx.FromOperation("ListThings",
		func(context.Context, *input, ...func(*int)) (*int, error) { pages++; return &pages, nil }, input{Ratio: math.Inf(1)},
		func(in *input, token *string, _ *int32) { in.Token = token },
		func(n *int) ([]int, *string) { return []int{*n}, aws.String(fmt.Sprint(*n)) })
	cursor := l.Cursor()
	take(t, cursor.All(t.Context()), 2)
	_, err := l.Resume(cursor.Checkpoint())
	require.ErrorIs(t, err, backupx.ErrCheckpoint)
	require.ErrorContains(t, err, "cannot be written as JSON")
}

func TestTheZeroCursorSaysSo(t *testing.T) {
	var cursor backupx.Cursor[string]
	_, err := drain(cursor.All(t.Context()))
	require.ErrorContains(t, err, "the zero Listing lists nothing")
	require.False(t, cursor.Checkpoint().Done())
}
