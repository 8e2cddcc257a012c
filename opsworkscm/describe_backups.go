package opsworkscm

import (
	"context"
	"errors"
	"fmt"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/backupx-go/backupx/opsworkscm/types"
)

// DescribeBackupsInput selects the backups that [Client.DescribeBackups] returns. All members are optional.
type DescribeBackupsInput struct {
	// The id of a backup, in the form ServerName-yyyyMMddHHmmssSSS.
	BackupId *string

	// The maximum number of backups in a response, from 1. AWS documented it as not implemented.
	MaxResults *int32

	// The NextToken of the previous response, nil for the first page. AWS documented it as not implemented.
	NextToken *string

	// The name of a server, to select its backups.
	ServerName *string
}

// DescribeBackupsOutput is one page of backups.
type DescribeBackupsOutput struct {
	// The backups of the page, nil if the response lacked the member.
	Backups []types.Backup

	// The token of the next page. It is nil or empty on the last page.
	NextToken *string

	// Metadata of the call: request id, raw response, attempts and times.
	ResultMetadata middleware.Metadata
}

// DescribeBackups returns one page of backups. The service answers a BackupId or a ServerName that does not
// exist with [*types.ResourceNotFoundException], a malformed value with [*types.ValidationException], and
// a token that it does not accept with [*types.InvalidNextTokenException]. As in every client of the SDK,
// errors are wrapped in a [*smithy.OperationError], and in an *awshttp.ResponseError with the request id
// once there was a response.
//
// A nil params selects all backups.
func (c *Client) DescribeBackups(
	ctx context.Context, params *DescribeBackupsInput, optFns ...func(*Options),
) (*DescribeBackupsOutput, error) {
	if params == nil {
		params = &DescribeBackupsInput{}
	}
	result, metadata, err := c.invoke(ctx, "DescribeBackups", params, optFns)
	if err != nil {
		return nil, err
	}
	out, ok := result.(*DescribeBackupsOutput)
	if !ok { // a middleware of the caller can return any result
		return nil, fmt.Errorf("backupx: DescribeBackups: unexpected result %T", result)
	}
	out.ResultMetadata = metadata
	return out, nil
}

// DescribeBackupsAPIClient is a client that implements DescribeBackups: [*Client], a wrapper, or a stub.
type DescribeBackupsAPIClient interface {
	DescribeBackups(context.Context, *DescribeBackupsInput, ...func(*Options)) (*DescribeBackupsOutput, error)
}

var _ DescribeBackupsAPIClient = (*Client)(nil)

// DescribeBackupsPaginatorOptions configure a [DescribeBackupsPaginator].
type DescribeBackupsPaginatorOptions struct {
	// Limit is the maximum number of backups in a response, sent as MaxResults. Zero sends none.
	Limit int32

	// StopOnDuplicateToken ends the listing when a response repeats the token of its request. Without it, the
	// paginator requests the same page again and again.
	StopOnDuplicateToken bool
}

// DescribeBackupsPaginator reads DescribeBackups page by page. It is for one goroutine.
type DescribeBackupsPaginator struct {
	options DescribeBackupsPaginatorOptions
	client  DescribeBackupsAPIClient
	params  DescribeBackupsInput // with the token of the next page
	started bool
}

// NewDescribeBackupsPaginator returns a paginator over the pages that params selects, from its NextToken
// on. A nil params selects all backups.
func NewDescribeBackupsPaginator(
	client DescribeBackupsAPIClient, params *DescribeBackupsInput, optFns ...func(*DescribeBackupsPaginatorOptions),
) *DescribeBackupsPaginator {
	p := &DescribeBackupsPaginator{client: client}
	if params != nil {
		p.params = *params
	}
	if p.params.MaxResults != nil {
		p.options.Limit = *p.params.MaxResults
	}
	for _, set := range optFns {
		set(&p.options)
	}
	return p
}

// HasMorePages reports whether there is another page to read.
func (p *DescribeBackupsPaginator) HasMorePages() bool {
	return !p.started || p.params.NextToken != nil && *p.params.NextToken != ""
}

// NextPage returns the next page. After an error, a further call requests the same page again. After the last
// page it returns an error.
func (p *DescribeBackupsPaginator) NextPage(ctx context.Context, optFns ...func(*Options)) (*DescribeBackupsOutput, error) {
	if !p.HasMorePages() {
		return nil, errors.New("no more pages available")
	}
	params := p.params
	params.MaxResults = nil
	if limit := p.options.Limit; limit > 0 {
		params.MaxResults = &limit
	}
	page, err := p.client.DescribeBackups(ctx, &params, append([]func(*Options){markPaginator}, optFns...)...)
	if err != nil {
		return nil, err
	}
	p.started = true
	repeated := p.params.NextToken != nil && page.NextToken != nil && *p.params.NextToken == *page.NextToken
	p.params.NextToken = page.NextToken
	if repeated && p.options.StopOnDuplicateToken {
		p.params.NextToken = nil
	}
	return page, nil
}

// markPaginator adds the paginator feature to the user agent, as the SDK's paginators do.
func markPaginator(o *Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		step, ok := stack.Build.Get((*awsmiddleware.RequestUserAgent)(nil).ID())
		if agent, is := step.(*awsmiddleware.RequestUserAgent); ok && is {
			agent.AddUserAgentFeature(awsmiddleware.UserAgentFeaturePaginator)
		}
		return nil
	})
}
