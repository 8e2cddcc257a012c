// Package opsworkscm is a client for AWS OpsWorks CM with one operation, DescribeBackups. For this operation
// it has the same API as the package that the AWS SDK for Go v2 removed in August 2025
// (github.com/aws/aws-sdk-go-v2/service/opsworkscm): a program whose only operation was DescribeBackups
// changes the import path, and that of its types, and nothing else.
//
//	client := opsworkscm.NewFromConfig(cfg)
//	pages := opsworkscm.NewDescribeBackupsPaginator(client, &opsworkscm.DescribeBackupsInput{
//		ServerName: aws.String("puppet-01"),
//	})
//	for pages.HasMorePages() {
//		page, err := pages.NextPage(ctx)
//		// …
//	}
//
// AWS switched the service off for all customers in May 2024, so its own endpoints have nothing left to
// list. The client is for compatible endpoints, proxies over archives, and recorded traffic.
//
// The client is built on the SDK's public runtime. Retries, signing, endpoints (BaseEndpoint, FIPS,
// dual-stack, partitions), APIOptions, interceptors, logging, metrics, tracing, request ids, clock skew and
// errors work as in every client of the SDK. Option types that are specific to a service, such as
// [EndpointParameters], are the types of service/backup under the old names.
//
// These differ from the removed package:
//
//   - An S3DataSize that does not fit into 32 bits is nil in [types.Backup]. The removed client returned a
//     wrapped number.
//   - The client itself reads no environment variable. A configuration from config.LoadDefaultConfig has the
//     values of these variables, AWS_ENDPOINT_URL_OPSWORKSCM included. An endpoint for this service in the
//     shared configuration (services … opsworkscm = endpoint_url) takes precedence over AWS_ENDPOINT_URL.
//   - A response with the body null is an error, as in the SDK's newer clients, and not an empty page. So is a
//     CreatedAt outside the years 1678 to 2262, which was an arbitrary date.
//   - Of two codes in an error response, __type takes precedence over code.
//   - Metrics and traces have the path of this package as their scope.
//   - A [Client] that was not made by [New] or [NewFromConfig] returns an error instead of panicking.
//   - There is no type ResolveEndpoint, the middleware behind deprecated endpoint resolvers.
//
// For iterators, filters and checkpoints over this client see backupx.OpsWorksBackups.
package opsworkscm
