package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
)

var files = beam.NewCounter("lake", "files")

// writeFile writes a file whole or not at all: whoever reads the name finds nothing, the earlier file or the new one,
// whether this process is killed, the disk is full, or several workers write the same file.
func writeFile(ctx context.Context, name string, body []byte) error {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer fs.Close()
	write := upload
	if renames(fs, name) {
		write = replace
	}
	if err := write(ctx, fs, name, body); err != nil {
		return err
	}
	files.Inc(ctx, 1)
	return nil
}

// renames reports whether a file is written under a temporary name. It is not in gs://, whose Rename copies the object and
// deletes the first: an object appears when its upload is complete, as in s3://, which has no Rename.
func renames(fs filesystem.Interface, name string) bool {
	_, ok := fs.(filesystem.Renamer)
	return ok && !strings.HasPrefix(name, "gs://")
}

// upload writes a file under its own name. After an error it does not close the file, because that would commit the part
// that was written; the end of the context ends the upload.
func upload(ctx context.Context, fs filesystem.Interface, name string, body []byte) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := fs.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	if _, err := bytes.NewReader(body).WriteTo(w); err != nil {
		return err
	}
	return w.Close()
}

// temporary is how temporary names end; they begin with a dot. Spark, Hive and Athena pass over such names, and so do
// patterns such as *.parquet.
const temporary = ".partial"

// replaceAttempts is how many times a file is written if other workers remove its temporary files. Each of their writes
// removes one at most.
const replaceAttempts = 100

// replace writes a file under a temporary name in the same folder, and renames it. Each attempt has a name of its own, so
// that workers do not write into each other's files.
func replace(ctx context.Context, fs filesystem.Interface, name string, body []byte) (err error) {
	folder := name[:strings.LastIndex(name, "/")+1]
	removeTemporary(ctx, fs, folder)
	for range replaceAttempts {
		next := folder + "." + rand.Text() + temporary
		if err = writeThrough(ctx, fs, next, body); err == nil {
			err = filesystem.Rename(ctx, fs, next, name)
		}
		if err == nil {
			return nil
		}
		remove(ctx, fs, next)
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return err
}

// removeTemporary removes the temporary files in a folder: those of a run that was killed. One that a worker is still
// writing goes too, and that worker writes it again.
func removeTemporary(ctx context.Context, fs filesystem.Interface, folder string) {
	literal := strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(folder)
	names, _ := fs.List(ctx, literal+".*"+temporary) // files that cannot be removed do no harm
	for _, name := range names {
		remove(ctx, fs, name)
	}
}

func remove(ctx context.Context, fs filesystem.Interface, name string) {
	if fs, ok := fs.(filesystem.Remover); ok {
		_ = fs.Remove(ctx, name)
	}
}

// writeThrough writes a file, and waits until it is on the disk: a name must not get there before its content.
func writeThrough(ctx context.Context, fs filesystem.Interface, name string, body []byte) error {
	w, err := fs.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(body).WriteTo(w)
	if f, ok := w.(interface{ Sync() error }); ok && err == nil {
		err = f.Sync()
	}
	return errors.Join(err, w.Close())
}
