//go:build tools

package backupx
import (
 _ "github.com/aws/aws-sdk-go-v2/aws"
 _ "github.com/aws/aws-sdk-go-v2/config"
 _ "github.com/aws/aws-sdk-go-v2/credentials"
 _ "github.com/aws/aws-sdk-go-v2/service/backup"
 _ "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
 _ "github.com/aws/smithy-go"
 _ "gopkg.in/dnaeon/go-vcr.v3/recorder"
 _ "github.com/samber/lo"
 _ "github.com/samber/lo/it"
 _ "github.com/stretchr/testify/require"
 _ "go.uber.org/goleak"
)
