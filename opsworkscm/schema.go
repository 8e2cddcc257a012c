package opsworkscm

import (
	"errors"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/prelude"
	"github.com/aws/smithy-go/traits"

	"github.com/backupx-go/backupx/opsworkscm/types"
)

// model is DescribeBackups as the service's Smithy model describes it. Each client has its own: the package
// has no state.
type model struct {
	service   *smithy.ServiceSchema
	operation *smithy.OperationSchema
	errors    *smithy.TypeRegistry
	output    structure[DescribeBackupsOutput]
}

func newModel() *model {
	output := newStructure("DescribeBackupsResponse", outputFields())
	return &model{
		// The header X-Amz-Target is made of the names of the service and the operation.
		service: smithy.NewServiceSchema(
			smithy.NewSchema(shapeID("OpsWorksCM_V2016_11_01"), smithy.ShapeTypeService, 0), ServiceAPIVersion),
		operation: smithy.NewOperationSchema(
			smithy.NewSchema(shapeID("DescribeBackups"), smithy.ShapeTypeOperation, 0), inputSchema(), output.schema),
		errors: newErrorRegistry(),
		output: output,
	}
}

func shapeID(name string) smithy.ShapeID {
	return smithy.ShapeID{Namespace: "com.amazonaws.opsworkscm", Name: name}
}

func inputSchema() *smithy.Schema {
	s := smithy.NewSchema(shapeID("DescribeBackupsRequest"), smithy.ShapeTypeStructure, 4)
	s.AddMember("BackupId", prelude.String)
	s.AddMember("MaxResults", prelude.Integer)
	s.AddMember("NextToken", prelude.String)
	s.AddMember("ServerName", prelude.String)
	return s
}

// errorSchema returns the shape of an error. All errors of the service have the same members.
func errorSchema(name string) *smithy.Schema {
	s := smithy.NewSchema(shapeID(name), smithy.ShapeTypeStructure, 1, &traits.Error{Type: "client"})
	s.AddMember("Message", prelude.String)
	return s
}

func outputFields() []field[DescribeBackupsOutput] {
	type page = DescribeBackupsOutput
	backup := newStructure("Backup", backupFields())
	return []field[page]{
		list("Backups", backup.schema, func(p *page) *[]types.Backup { return &p.Backups }, backup.read),
		text("NextToken", func(p *page) **string { return &p.NextToken }),
	}
}

func backupFields() []field[types.Backup] {
	type b = types.Backup
	return []field[b]{
		text("BackupArn", func(b *b) **string { return &b.BackupArn }),
		text("BackupId", func(b *b) **string { return &b.BackupId }),
		enum("BackupType", func(b *b) *types.BackupType { return &b.BackupType }),
		timestamp("CreatedAt", func(b *b) **time.Time { return &b.CreatedAt }),
		text("Description", func(b *b) **string { return &b.Description }),
		text("Engine", func(b *b) **string { return &b.Engine }),
		text("EngineModel", func(b *b) **string { return &b.EngineModel }),
		text("EngineVersion", func(b *b) **string { return &b.EngineVersion }),
		text("InstanceProfileArn", func(b *b) **string { return &b.InstanceProfileArn }),
		text("InstanceType", func(b *b) **string { return &b.InstanceType }),
		text("KeyPair", func(b *b) **string { return &b.KeyPair }),
		text("PreferredBackupWindow", func(b *b) **string { return &b.PreferredBackupWindow }),
		text("PreferredMaintenanceWindow", func(b *b) **string { return &b.PreferredMaintenanceWindow }),
		integer("S3DataSize", func(b *b) **int32 { return &b.S3DataSize }),
		text("S3DataUrl", func(b *b) **string { return &b.S3DataUrl }),
		text("S3LogUrl", func(b *b) **string { return &b.S3LogUrl }),
		list("SecurityGroupIds", prelude.String, func(b *b) *[]string { return &b.SecurityGroupIds }, readString),
		text("ServerName", func(b *b) **string { return &b.ServerName }),
		text("ServiceRoleArn", func(b *b) **string { return &b.ServiceRoleArn }),
		enum("Status", func(b *b) *types.BackupStatus { return &b.Status }),
		text("StatusDescription", func(b *b) **string { return &b.StatusDescription }),
		list("SubnetIds", prelude.String, func(b *b) *[]string { return &b.SubnetIds }, readString),
		text("ToolsVersion", func(b *b) **string { return &b.ToolsVersion }),
		text("UserArn", func(b *b) **string { return &b.UserArn }),
	}
}

// request serializes an input. DescribeBackupsInput itself has no methods, as in the SDK.
type request struct {
	schema *smithy.Schema
	input  *DescribeBackupsInput
}

func (m *model) request(input *DescribeBackupsInput) smithy.Serializable {
	return request{schema: m.operation.Input, input: input}
}

// Serialize implements smithy.Serializable.
func (r request) Serialize(s smithy.ShapeSerializer) {
	write := func(member string, v *string) {
		if v != nil {
			s.WriteString(r.schema.Member(member), *v)
		}
	}
	s.WriteStruct(r.schema)
	write("BackupId", r.input.BackupId)
	if n := r.input.MaxResults; n != nil {
		s.WriteInt32(r.schema.Member("MaxResults"), *n)
	}
	write("NextToken", r.input.NextToken)
	write("ServerName", r.input.ServerName)
	s.CloseStruct()
}

// response deserializes an output.
type response struct {
	shape structure[DescribeBackupsOutput]
	page  *DescribeBackupsOutput
}

func (m *model) response(page *DescribeBackupsOutput) smithy.Deserializable {
	return response{shape: m.output, page: page}
}

// Deserialize implements smithy.Deserializable. A body of null is an error, as in other clients that use this
// runtime of the SDK. If null were an empty page, a listing would end early.
func (r response) Deserialize(d smithy.ShapeDeserializer) error {
	null, err := d.ReadNil(r.shape.schema)
	if err != nil {
		return err
	}
	if null {
		return errors.New("expected '{', got null")
	}
	return r.shape.read(d, r.shape.schema, r.page)
}
