package backupx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/backupx-go/backupx"
)

// AWS switched the service off: what is left to call is an endpoint of one's own that speaks its
// protocol, an archive say.
func ExampleNewOpsWorks() {
	archive := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"Backups":[{"BackupId":"chef-20160729133847520","CreatedAt":1469799527.52,"Status":"OK"}]}`)
	}))
	defer archive.Close()

	client := backupx.NewOpsWorks(aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		BaseEndpoint: aws.String(archive.URL),
	})
	page, err := client.DescribeBackups(context.Background(), &backupx.OpsWorksDescribeBackupsInput{
		ServerName: aws.String("chef"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range page.Backups {
		fmt.Println(*b.BackupId, b.Status, b.CreatedAt)
	}
	// Output: chef-20160729133847520 OK 2016-07-29 13:38:47.52 +0000 UTC
}

func ExampleOpsWorksResourceNotFoundException() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ResourceNotFoundException","Message":"no server chef"}`)
	}))
	defer service.Close()

	client := backupx.NewOpsWorks(aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(service.URL)})
	_, err := client.DescribeBackups(context.Background(), nil)
	var gone *backupx.OpsWorksResourceNotFoundException
	if errors.As(err, &gone) {
		fmt.Println(gone)
	}
	// Output: ResourceNotFoundException: no server chef
}
