package sources

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"github.com/backupx-go/backupx"
)

// Protected lists the resources that AWS Backup says it has backed up. It takes backup:ListProtectedResources. backupx has no
// listing of them, so that this is one of [backupx.FromOperation].
func Protected(cfg aws.Config) backupx.Listing[types.ProtectedResource] {
	return backupx.FromOperation("ListProtectedResources", backup.NewFromConfig(cfg).ListProtectedResources,
		backup.ListProtectedResourcesInput{},
		func(in *backup.ListProtectedResourcesInput, token *string, size *int32) {
			in.NextToken, in.MaxResults = token, size
		},
		func(out *backup.ListProtectedResourcesOutput) ([]types.ProtectedResource, *string) {
			return out.Results, out.NextToken
		})
}
