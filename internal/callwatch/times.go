package callwatch

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
	"github.com/aws/smithy-go/transport/http/protocol/restjson1"

	"github.com/backupx-go/backupx/internal/epoch"
)

// CheckTimes returns a protocol that decodes responses as p does, but for which a number that is no time is an error
// ([epoch.Time]): the SDK's own decoder turns it into an arbitrary date. Protocols other than restJson1 are returned
// unchanged, because they write times in another form.
func CheckTimes(p smithyhttp.ClientProtocol) smithyhttp.ClientProtocol {
	if rest, ok := p.(*restjson1.Protocol); ok {
		return checkedTimes{rest}
	}
	return p
}

type checkedTimes struct{ *restjson1.Protocol }

// decodesJSON reports whether a protocol decodes JSON as the SDK's do.
func decodesJSON(p smithyhttp.ClientProtocol) bool {
	switch p.(type) {
	case checkedTimes, *restjson1.Protocol, *awsjson.Protocol:
		return true
	}
	return false
}

// DeserializeResponse decodes a response.
func (p checkedTimes) DeserializeResponse(
	ctx context.Context, schema *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable,
) error {
	return p.Protocol.DeserializeResponse(ctx, schema, types, resp, checkedOutput{out})
}

type checkedOutput struct{ out smithy.Deserializable }

// Deserialize decodes an output.
func (o checkedOutput) Deserialize(d smithy.ShapeDeserializer) error {
	return o.out.Deserialize(&checkedDeserializer{d})
}

type checkedDeserializer struct{ smithy.ShapeDeserializer }

// ReadTime decodes a time. Times without a format of their own are numbers of seconds.
func (d *checkedDeserializer) ReadTime(s *smithy.Schema, to *time.Time) error {
	if _, ok := smithy.SchemaTrait[*traits.TimestampFormat](s); ok {
		return d.ShapeDeserializer.ReadTime(s, to)
	}
	t, err := epoch.Read(d.ShapeDeserializer, s)
	if err != nil {
		return fmt.Errorf("%s: %w", s.MemberName(), err)
	}
	*to = t
	return nil
}
