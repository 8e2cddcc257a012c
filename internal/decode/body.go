package decode

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

const (
	largestBody = 32 << 20 // bytes; a longer one is declined
	firstRead   = 4 << 20  // bytes of memory that a body gets because its length is said to be as much
)

// Buffers keeps the memory that bodies were read into, for the bodies to come. It may be used by several goroutines at
// the same time.
type Buffers struct {
	mu   sync.Mutex
	free []*bytes.Buffer
}

// take returns an empty buffer with memory for size bytes.
func (b *Buffers) take(size int) *bytes.Buffer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.free) - 1; n >= 0 {
		buf := b.free[n]
		b.free = b.free[:n]
		if buf.Reset(); buf.Cap() >= size {
			return buf
		}
	}
	return bytes.NewBuffer(make([]byte, 0, size+size/16)) // the next page may be somewhat longer
}

// put keeps a buffer whose content nobody uses, unless it is large.
func (b *Buffers) put(buf *bytes.Buffer) {
	if buf.Cap() > 2*firstRead {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, buf)
}

// Reader decodes the pages of an operation from bodies.
type Reader struct {
	decoder *Decoder
	buffers *Buffers
}

// Reader returns a reader that reads bodies into buffers.
func (d *Decoder) Reader(buffers *Buffers) *Reader { return &Reader{d, buffers} }

// Package returns the import path of the client's package.
func (r *Reader) Package() string { return r.decoder.output.PkgPath() }

// Operation returns the operation's name in the client.
func (r *Reader) Operation() string { return r.decoder.operation }

// Read reads a body, whose length is said to be length, and returns what [Decoder.Decode] makes of it. If it is
// declined, output is nil, and rest reads what the body would have read. Otherwise rest reads an empty object.
func (r *Reader) Read(body io.Reader, length int64) (output any, rest io.Reader) {
	if r.decoder.plan() == nil {
		return nil, body
	}
	buf := r.buffers.take(int(min(max(0, length), firstRead)) + bytes.MinRead)
	n, err := buf.ReadFrom(io.LimitReader(body, largestBody))
	if err == nil && n < largestBody {
		if output, ok := r.decoder.Decode(buf.Bytes()); ok {
			r.buffers.put(buf)
			return output, strings.NewReader("{}")
		}
	}
	if err != nil {
		body = errorReader{err}
	}
	return nil, io.MultiReader(buf, body)
}

// errorReader fails with an error.
type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }
