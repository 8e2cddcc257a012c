package decode_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/internal/decode"
	"github.com/backupx-go/backupx/internal/testenv"
	"github.com/backupx-go/backupx/opsworkscm"
)

// service is an operation whose pages are decoded.
type service struct {
	output  reflect.Type
	decoder *decode.Decoder
	call    func(body []byte) (any, error) // the SDK's client
}

// answer is an HTTP client that answers each request with a body.
type answer []byte

func (a answer) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: int64(len(a)),
		Body: io.NopCloser(bytes.NewReader(a)), Request: r,
	}, nil
}

// serviceOf returns the service of a client that newClient makes, and that method calls.
func serviceOf[C, I, O, F any](
	list string, newClient func(aws.Config, ...func(*F)) C,
	method func(C, context.Context, *I, ...func(*F)) (*O, error), with func(*F, aws.HTTPClient),
) service {
	client := newClient(aws.Config{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1})
	return service{reflect.TypeFor[O](), decode.New[O](list), func(body []byte) (any, error) {
		out, err := callGuarded(func() (*O, error) {
			return method(client, context.Background(), new(I), func(o *F) { with(o, answer(body)) })
		})
		if err == nil {
			reflect.ValueOf(out).Elem().FieldByName("ResultMetadata").SetZero()
		}
		return out, err
	}}
}

// callGuarded turns a panic of the SDK's decoder into an error, as listings do.
func callGuarded[O any](call func() (O, error)) (out O, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return call()
}

func services() []service {
	return []service{
		serviceOf("BackupJobs", backup.NewFromConfig, (*backup.Client).ListBackupJobs,
			func(o *backup.Options, c aws.HTTPClient) { o.HTTPClient = c }),
		serviceOf("CopyJobs", backup.NewFromConfig, (*backup.Client).ListCopyJobs,
			func(o *backup.Options, c aws.HTTPClient) { o.HTTPClient = c }),
		serviceOf("Backups", cloudhsmv2.NewFromConfig, (*cloudhsmv2.Client).DescribeBackups,
			func(o *cloudhsmv2.Options, c aws.HTTPClient) { o.HTTPClient = c }),
		serviceOf("Backups", opsworkscm.NewFromConfig, (*opsworkscm.Client).DescribeBackups,
			func(o *opsworkscm.Options, c aws.HTTPClient) { o.HTTPClient = c }),
	}
}

// requireSame requires that a body is declined, or is decoded as the SDK's client decodes it. It reports whether it was
// decoded.
func (s service) requireSame(t *testing.T, body []byte) bool {
	t.Helper()
	got, ok := s.decoder.Decode(body)
	if !ok {
		return false
	}
	want, err := s.call(body)
	require.NoError(t, err, "%s: %q", s.output, body)
	require.True(t, reflect.DeepEqual(want, got), "%s: %q", s.output, body)
	return true
}

// TestPagesAreDecodedAsTheSDKDecodesThem compares the two over made-up pages, most of which are altered. PAGES sets how
// many, SEED which.
func TestPagesAreDecodedAsTheSDKDecodesThem(t *testing.T) {
	n, seed := testenv.Number(t, "PAGES", 4_000), uint64(testenv.Number(t, "SEED", 1))
	all := services()
	made, decoded, altered := make([]int, len(all)), make([]int, len(all)), 0
	for i := range n {
		m := maker{rand.New(rand.NewPCG(seed, uint64(i))), 0}
		m.odd = []float64{0, 0.001, 0.005, 0.02}[m.IntN(4)]
		s := i % len(all)
		body := m.page(all[s].output)
		alter := m.IntN(3) > 0
		if alter {
			body = m.alter(body)
		}
		ok := all[s].requireSame(t, body)
		switch {
		case ok && alter:
			altered++
		case ok && m.odd == 0:
			decoded[s]++
		}
		if !alter && m.odd == 0 {
			made[s]++
		}
	}
	for i, s := range all { // a comparison of what is declined shows nothing
		require.Greater(t, decoded[i], made[i]*4/5, "%s: of %d regular pages", s.output, made[i])
	}
	require.Greater(t, altered, n/20)
	t.Logf("decoded: %v of %v regular pages, and %d altered ones", decoded, made, altered)
}

// FuzzPages compares the two over any body.
func FuzzPages(f *testing.F) {
	all := services()
	for i := range 64 {
		m := maker{rand.New(rand.NewPCG(7, uint64(i))), 0.05}
		f.Add(uint8(i), m.page(all[i%len(all)].output))
	}
	for _, body := range oddPages() {
		for i := range all {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, body []byte) { all[int(i)%len(all)].requireSame(t, body) })
}

// maker makes up pages. odd is how often a value is one that is rare, or not valid.
type maker struct {
	*rand.Rand
	odd float64
}

func (m maker) page(output reflect.Type) []byte { return m.object(nil, output, 0) }

// object appends an object with some of the members that a struct has.
func (m maker) object(to []byte, t reflect.Type, depth int) []byte {
	to = m.space(append(to, '{'))
	share := m.Float64()
	first := true
	for _, i := range m.Perm(t.NumField() + 1) {
		if i < t.NumField() && !t.Field(i).IsExported() || depth > 0 && m.Float64() > share {
			continue
		}
		if !first {
			to = m.space(append(to, ','))
		}
		first = false
		if i == t.NumField() { // a member that the SDK does not know
			to = m.value(m.space(append(m.text(to), ':')), nil, depth)
			continue
		}
		name := t.Field(i).Name
		to = m.space(append(to, '"'))
		to = append(append(to, name...), '"', ':')
		if m.Float64() < m.odd/4 {
			to = m.value(m.space(to), nil, depth)
			continue
		}
		to = m.value(m.space(to), t.Field(i).Type, depth)
	}
	return append(to, '}')
}

func (m maker) space(to []byte) []byte {
	if m.Float64() > m.odd {
		return to
	}
	return append(to, []string{" ", "\n\t", "\r\n  ", "\f", "\u00a0"}[min(m.IntN(200), 4)%(3+m.IntN(3))]...)
}

// value appends a value of a type; nil is any.
func (m maker) value(to []byte, t reflect.Type, depth int) []byte {
	if m.Float64() < m.odd {
		return append(to, oddValues[m.IntN(len(oddValues))]...)
	}
	switch {
	case t == nil:
		return append(to, anyValues[m.IntN(len(anyValues))]...)
	case t == reflect.TypeFor[middleware.Metadata]():
		return append(to, "{}"...)
	case t.Kind() == reflect.Pointer && t.Elem().String() == "time.Time":
		return m.number(to)
	case t.Kind() == reflect.Pointer:
		return m.value(to, t.Elem(), depth)
	case t.Kind() == reflect.Struct:
		return m.object(to, t, depth+1)
	case t.Kind() == reflect.Bool:
		return strconv.AppendBool(to, m.IntN(2) == 0)
	case t.Kind() == reflect.Int64, t.Kind() == reflect.Int32:
		return strconv.AppendInt(to, m.Int64N(1<<(1+m.IntN(t.Bits()-4)))-int64(m.IntN(3)), 10)
	case t.Kind() == reflect.String:
		return m.text(to)
	case t.Kind() == reflect.Slice:
		to = m.space(append(to, '['))
		most := 4
		if depth == 0 {
			most = 20
		}
		for i := range m.IntN(most + 1) {
			if i > 0 {
				to = m.space(append(to, ','))
			}
			to = m.value(to, t.Elem(), depth)
		}
		return m.space(append(to, ']'))
	case t.Kind() == reflect.Map:
		to = append(to, '{')
		for i := range m.IntN(4) {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(m.text(to), ':')
			to = m.value(to, t.Elem(), depth)
		}
		return append(to, '}')
	}
	panic(fmt.Sprintf("no value of type %v can be made up", t))
}

// text appends a string.
func (m maker) text(to []byte) []byte {
	to = append(to, '"')
	switch {
	case m.Float64() < m.odd:
		to = append(to, oddTexts[m.IntN(len(oddTexts))]...)
	case m.IntN(3) == 0: // one that comes again
		to = append(to, "value-"...)
		to = strconv.AppendInt(to, m.Int64N(6), 10)
	default:
		for range m.IntN(80) {
			to = append(to, "abcdefghijklmnopqrstuvwxyz0123456789:/-_ "[m.IntN(41)])
		}
	}
	return append(to, '"')
}

// number appends a time.
func (m maker) number(to []byte) []byte {
	switch m.IntN(6) {
	case 0:
		return strconv.AppendInt(to, m.Int64N(2e9), 10)
	case 1:
		return strconv.AppendFloat(to, m.Float64()*2e9, 'g', -1, 64)
	case 2:
		return strconv.AppendFloat(to, m.Float64()*2e9, 'e', m.IntN(18), 64)
	default:
		return strconv.AppendFloat(to, m.Float64()*2e9, 'f', m.IntN(10), 64)
	}
}

// alter alters a page at some places.
func (m maker) alter(body []byte) []byte {
	for range 1 + m.IntN(3) {
		at := m.IntN(len(body) + 1)
		to := min(len(body), at+m.IntN(1+m.IntN(40)))
		part := bytes.Clone(body[at:to])
		switch m.IntN(7) {
		case 0: // left out
			body = append(bytes.Clone(body[:at]), body[to:]...)
		case 1: // twice
			body = bytes.Join([][]byte{body[:to], body[at:]}, nil)
		case 2: // moved
			i := m.IntN(len(body) + 1)
			body = bytes.Join([][]byte{body[:i], part, body[i:]}, nil)
		case 3: // another byte
			if at < len(body) {
				body = bytes.Clone(body)
				body[at] = byte(m.IntN(256))
			}
		case 4: // cut off
			if m.IntN(4) == 0 {
				body = body[:at]
			}
		case 5: // the value of a member
			if i := bytes.IndexByte(body[at:], ':'); i >= 0 {
				i += at + 1
				end := i + max(0, bytes.IndexAny(body[i:], ",}]"))
				body = bytes.Join([][]byte{body[:i], []byte(oddValues[m.IntN(len(oddValues))]), body[end:]}, nil)
			}
		case 6: // something inserted
			body = bytes.Join([][]byte{body[:at], []byte(insertions[m.IntN(len(insertions))]), body[at:]}, nil)
		}
	}
	return body
}
