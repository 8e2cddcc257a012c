package backupx_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
)

// deepInput has what the inputs of operations have: maps, slices, pointers and structures within each other.
type deepInput struct {
	Filters map[string][]string
	Nested  []*deepInput
	Name    *string
	Tags    [1]map[string]string
	Sizes   []int
	None    []string
	Any     any
	Token   *string
	hidden  *int
}

func newDeepInput() deepInput {
	return deepInput{
		Filters: map[string][]string{"states": {"READY"}},
		Nested:  []*deepInput{{Name: aws.String("inner"), Filters: map[string][]string{"a": {"b"}}}, nil},
		Name:    aws.String("outer"),
		Tags:    [1]map[string]string{{"k": "v"}},
		Sizes:   []int{1, 2},
		hidden:  aws.Int(7),
	}
}

// spoil changes everything that an input leads to.
func (in *deepInput) spoil() {
	in.Filters["states"][0] = "SPOILED"
	in.Filters["more"] = nil
	*in.Nested[0].Name = "spoiled"
	in.Nested[0].Filters["a"][0] = "spoiled"
	in.Nested[1] = &deepInput{}
	*in.Name = "spoiled"
	in.Tags[0]["k"] = "spoiled"
	in.Sizes[0] = 99
}

func TestTheInputOfFromOperationIsCopied(t *testing.T) {
	var got []deepInput
	input := newDeepInput()
	l := backupx.FromOperation("ListThings", func(_ context.Context, in *deepInput, _ ...func(*struct{})) (*struct{}, error) {
		seen := *in
		seen.Token = nil
		require.Equal(t, newDeepInput(), seen, "request %d", len(got)+1)
		got = append(got, *in)
		in.spoil() // a client may change its request
		return &struct{}{}, nil
	}, input, func(in *deepInput, token *string, _ *int32) { in.Token = token },
		func(*struct{}) ([]int, *string) {
			if len(got) < 3 {
				return []int{1}, aws.String(string(rune('a' + len(got))))
			}
			return nil, nil
		})
	cp := l.Cursor().Checkpoint()
	input.spoil() // the caller may use its input again
	for range 2 {
		got = nil
		requireCount(t, 2, l)
	}
	_, err := l.Resume(throughText(t, cp))
	require.NoError(t, err, "the identity is that of the input as it was given")
}

func TestAnInputThatContainsItselfIsNoEndlessCopy(t *testing.T) {
	type node struct{ Next *node }
	input := node{}
	input.Next = &input
	l := backupx.FromOperation("ListThings", func(context.Context, *node, ...func(*struct{})) (*struct{}, error) {
		return &struct{}{}, nil
	}, input, func(*node, *string, *int32) {}, func(*struct{}) ([]int, *string) { return []int{1}, nil })
	requireCount(t, 1, l)
}

func TestTheInputOfAnSDKOperationIsCopied(t *testing.T) {
	input := cloudhsmv2.DescribeBackupsInput{Filters: map[string][]string{"states": {"READY"}}, MaxResults: aws.Int32(5)}
	l := backupx.FromOperation("DescribeBackups", func(_ context.Context, in *cloudhsmv2.DescribeBackupsInput, _ ...func(*cloudhsmv2.Options)) (*cloudhsmv2.DescribeBackupsOutput, error) {
		require.Equal(t, map[string][]string{"states": {"READY"}}, in.Filters)
		in.Filters["states"][0] = "DELETED"
		return &cloudhsmv2.DescribeBackupsOutput{Backups: []hsmtypes.Backup{{}}}, nil
	}, input, func(in *cloudhsmv2.DescribeBackupsInput, token *string, _ *int32) { in.NextToken = token },
		func(out *cloudhsmv2.DescribeBackupsOutput) ([]hsmtypes.Backup, *string) {
			return out.Backups, out.NextToken
		})
	input.Filters["states"][0] = "PENDING_DELETION"
	requireCount(t, 1, l)
	requireCount(t, 1, l)
}
