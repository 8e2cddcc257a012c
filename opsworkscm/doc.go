// Package opsworkscm is a client for AWS OpsWorks CM with one operation, DescribeBackups. It has the shape
// of the package that the AWS SDK for Go v2 removed in August 2025
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
// The client stands on the SDK's public runtime. Retries, signing, endpoints (BaseEndpoint, FIPS,
// dual-stack, partitions), APIOptions, interceptors, logging, metrics, tracing, request ids, clock skew and
// errors work as in every client of the SDK. Types of its options that belong to the service, such as
// [EndpointParameters], are those of service/backup under the names of the removed package.
//
// Three things differ from the removed package:
//
//   - An S3DataSize that does not fit into 32 bits is nil in [types.Backup]. The removed client returned a
//     wrapped number.
//   - The client does not read the environment. An endpoint for this service in the shared configuration
//     (services … opsworkscm = endpoint_url) takes precedence over AWS_ENDPOINT_URL.
//   - A client that [New] or [NewFromConfig] did not make returns an error. It does not panic.
//
// For iterators, filters and checkpoints over this client see backupx.OpsWorksBackups.
package opsworkscm
