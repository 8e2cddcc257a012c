package opsworkscm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/backupx-go/backupx/opsworkscm"
	"github.com/backupx-go/backupx/opsworkscm/types"
)

// A program for the removed client: only its import paths have changed. AWS switched the service off, so the
// endpoint is an archive that speaks its protocol.
func Example() {
	archive := httptest.NewServer(http.HandlerFunc(archivedBackups))
	defer archive.Close()

	client := opsworkscm.NewFromConfig(aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}, func(o *opsworkscm.Options) {
		o.BaseEndpoint = aws.String(archive.URL)
	})
	pages := opsworkscm.NewDescribeBackupsPaginator(client, &opsworkscm.DescribeBackupsInput{
		ServerName: aws.String("chef"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.TODO())
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, b := range page.Backups {
			if b.Status == types.BackupStatusOk {
				fmt.Println(aws.ToString(b.BackupId), aws.ToTime(b.CreatedAt))
			}
		}
	}
	// Output:
	// chef-20160729133847520 2016-07-29 13:38:47.52 +0000 UTC
	// chef-20160728133847520 2016-07-28 13:38:47.52 +0000 UTC
}

// archivedBackups answers DescribeBackups with two pages.
func archivedBackups(w http.ResponseWriter, r *http.Request) {
	var in opsworkscm.DescribeBackupsInput
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if in.NextToken == nil {
		_, _ = io.WriteString(w, `{"Backups":[
			{"BackupId":"chef-20160729133847520","CreatedAt":1469799527.52,"Status":"OK"}],"NextToken":"2"}`)
		return
	}
	_, _ = io.WriteString(w, `{"Backups":[
		{"BackupId":"chef-20160728133847520","CreatedAt":1469713127.52,"Status":"OK"}]}`)
}

func ExampleClient_DescribeBackups_notFound() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ResourceNotFoundException","Message":"no server chef"}`)
	}))
	defer service.Close()

	client := opsworkscm.New(opsworkscm.Options{Region: "us-east-1", BaseEndpoint: aws.String(service.URL)})
	_, err := client.DescribeBackups(context.TODO(), &opsworkscm.DescribeBackupsInput{ServerName: aws.String("chef")})
	var notFound *types.ResourceNotFoundException
	if errors.As(err, &notFound) {
		fmt.Println(notFound.ErrorMessage())
	}
	// Output: no server chef
}
