// Package types has the data types and the errors of OpsWorks CM DescribeBackups, with the names and
// members of the package that the AWS SDK for Go v2 removed in August 2025
// (github.com/aws/aws-sdk-go-v2/service/opsworkscm/types).
package types
