package decode

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudhsmv2"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/prelude"
	"github.com/aws/smithy-go/traits"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx/opsworkscm"
)

// An SDK whose types have a member that no plan has a way to decode is noticed here: pages would be decoded slowly.
func TestTheOutputsOfTheClientsHavePlans(t *testing.T) {
	for _, output := range []reflect.Type{
		reflect.TypeFor[backup.ListBackupJobsOutput](), reflect.TypeFor[backup.ListCopyJobsOutput](),
		reflect.TypeFor[cloudhsmv2.DescribeBackupsOutput](), reflect.TypeFor[opsworkscm.DescribeBackupsOutput](),
	} {
		_, err := planOf(output)
		require.NoError(t, err)
	}
}

// modelled is an output of a newer SDK, whose schema has a member Name with traits.
type modelled struct {
	Name           *string
	Items          []struct{}
	ResultMetadata middleware.Metadata
}

var modelledTraits []smithy.Trait

func (*modelled) Deserialize(d smithy.ShapeDeserializer) error {
	s := smithy.NewSchema(smithy.ShapeID{Name: "Modelled"}, smithy.ShapeTypeStructure, 2)
	s.AddMember("Name", prelude.String, modelledTraits...)
	s.AddMember("Items", smithy.NewSchema(smithy.ShapeID{Name: "Items"}, smithy.ShapeTypeList, 0))
	return d.ReadStruct(s)
}

func TestMembersThatAreReadInAnotherWayHaveNoPlan(t *testing.T) {
	for _, trait := range []smithy.Trait{
		nil, &traits.JSONName{Name: "name"}, &traits.TimestampFormat{Format: "date-time"}, &traits.MediaType{Type: "application/json"},
		&traits.HTTPHeader{Name: "X-Name"}, &traits.HTTPPrefixHeaders{Prefix: "X-"}, &traits.HTTPPayload{}, &traits.HTTPResponseCode{},
	} {
		modelledTraits = nil
		if trait != nil {
			modelledTraits = []smithy.Trait{trait}
		}
		_, err := planOf(reflect.TypeFor[modelled]())
		require.Equal(t, trait != nil, err != nil, "%T: %v", trait, err)
		_, ok := New[modelled]("Items").Decode([]byte(`{"Items":[],"Name":"x"}`))
		require.Equal(t, trait == nil, ok, "%T", trait)
	}
}

type noSchema struct{ Items []struct{} }

func (*noSchema) Deserialize(smithy.ShapeDeserializer) error { return errors.New("no") }

type asks struct{ Items []struct{} }

func (*asks) Deserialize(d smithy.ShapeDeserializer) error {
	_, err := d.ReadNil(nil)
	return err
}

type fewer struct{ Items []struct{} }

func (*fewer) Deserialize(d smithy.ShapeDeserializer) error { return new(modelled).Deserialize(d) }

type renamed struct {
	Title *string
	Items []struct{}
}

func (*renamed) Deserialize(d smithy.ShapeDeserializer) error { return new(modelled).Deserialize(d) }

type recursive struct{ Items []recursive }

type wide struct {
	A, B, C, D, E, F, G, H struct{ X int }
}

func TestTypesWithoutAPlan(t *testing.T) {
	for want, output := range map[string]reflect.Type{
		"noSchema: it shows no schema":                      reflect.TypeFor[noSchema](),
		"asks: it shows no schema":                          reflect.TypeFor[asks](),
		"it has 1 members, and its schema has 2":            reflect.TypeFor[fewer](),
		"the member Name of its schema has another name":    reflect.TypeFor[renamed](),
		"its structs are too deep":                          reflect.TypeFor[recursive](),
		".A: a field of type struct { X int } is not known": reflect.TypeFor[wide](),
		"a field of type *float64 is not known":             reflect.TypeFor[struct{ X *float64 }](),
		"a field of type interface {} is not known":         reflect.TypeFor[struct{ X any }](),
		"a field of type []uint8 is not known":              reflect.TypeFor[struct{ X []byte }](),
		"a field of type time.Time is not known":            reflect.TypeFor[struct{ X time.Time }](),
		"it has 65 members":                                 reflect.StructOf(fields(65)),
	} {
		_, err := planOf(output)
		require.ErrorContains(t, err, want)
	}
	_, err := planOf(reflect.StructOf(fields(64)))
	require.NoError(t, err)
}

func fields(n int) []reflect.StructField {
	all := make([]reflect.StructField, n)
	for i := range all {
		all[i] = reflect.StructField{Name: "F" + string(rune('A'+i/26)) + string(rune('A'+i%26)), Type: reflect.TypeFor[*string]()}
	}
	return all
}

// A decoder without a plan declines, and so does one whose list is none.
func TestADecoderWithoutAPlanDeclines(t *testing.T) {
	body := []byte(`{"Items":[],"Name":"x"}`)
	type named struct {
		Items []struct{}
		Name  *string
	}
	_, ok := New[named]("Items").Decode(body)
	require.True(t, ok)
	for _, list := range []string{"Name", "Missing", ""} {
		_, ok = New[named](list).Decode(body)
		require.False(t, ok, list)
	}
	_, ok = New[struct{ Items []any }]("Items").Decode(body)
	require.False(t, ok)
}

// The name of a member may differ from that of its field, where no schema tells: the client knows.
func TestAMemberThatMayBeAnotherFieldsIsDeclined(t *testing.T) {
	type old struct {
		Items []struct {
			Name  *string
			Type_ *string // as the SDK names a field whose name is taken
		}
	}
	decoder := New[old]("Items")
	for member, decoded := range map[string]bool{"Name": true, "Names": true, "name": false, "NAME": false, "Type": false, "type": false, "Type_": true} {
		_, ok := decoder.Decode([]byte(`{"Items":[{"` + member + `":"x"}]}`))
		require.Equal(t, decoded, ok, member)
	}
	modelledTraits = nil
	_, ok := New[modelled]("Items").Decode([]byte(`{"Items":[],"name":"x"}`))
	require.True(t, ok, "a schema says that there is no such member")
}
