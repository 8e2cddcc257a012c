//go:build s3

package main

// With the tag s3, -out can be an s3:// URL. It is a tag because the service's client takes long to
// compile.
import _ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"
