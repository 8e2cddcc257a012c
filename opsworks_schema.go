package backupx

import (
	"errors"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/prelude"
	"github.com/aws/smithy-go/traits"
)

// opsWorksWire is DescribeBackups as the service's model describes it. Shapes are made for each client,
// not kept in package variables.
type opsWorksWire struct {
	service   *smithy.ServiceSchema
	operation *smithy.OperationSchema
	errors    *smithy.TypeRegistry
	output    wireStruct[OpsWorksDescribeBackupsOutput]
}

func newOpsWorksWire() opsWorksWire {
	output := newWireStruct("DescribeBackupsResponse", opsWorksPageFields())
	return opsWorksWire{
		// The service's name and the operation's make up the header X-Amz-Target.
		service: smithy.NewServiceSchema(
			smithy.NewSchema(opsWorksShape("OpsWorksCM_V2016_11_01"), smithy.ShapeTypeService, 0), opsWorksAPIVersion),
		operation: smithy.NewOperationSchema(
			smithy.NewSchema(opsWorksShape("DescribeBackups"), smithy.ShapeTypeOperation, 0),
			opsWorksInputSchema(), output.schema),
		errors: newOpsWorksErrors(),
		output: output,
	}
}

func opsWorksShape(name string) smithy.ShapeID {
	return smithy.ShapeID{Namespace: "com.amazonaws.opsworkscm", Name: name}
}

func opsWorksInputSchema() *smithy.Schema {
	s := smithy.NewSchema(opsWorksShape("DescribeBackupsRequest"), smithy.ShapeTypeStructure, 4)
	s.AddMember("BackupId", prelude.String)
	s.AddMember("MaxResults", prelude.Integer)
	s.AddMember("NextToken", prelude.String)
	s.AddMember("ServerName", prelude.String)
	return s
}

// opsWorksErrorSchema is the shape that all errors of the service have.
func opsWorksErrorSchema(name string) *smithy.Schema {
	s := smithy.NewSchema(opsWorksShape(name), smithy.ShapeTypeStructure, 1, &traits.Error{Type: "client"})
	s.AddMember("Message", prelude.String)
	return s
}

func opsWorksPageFields() []wireField[OpsWorksDescribeBackupsOutput] {
	type page = OpsWorksDescribeBackupsOutput
	item := newWireStruct("Backup", opsWorksBackupFields())
	return []wireField[page]{
		wireList("Backups", item.schema, func(p *page) *[]OpsWorksBackup { return &p.Backups }, item.read),
		wireText("NextToken", func(p *page) **string { return &p.NextToken }),
	}
}

func opsWorksBackupFields() []wireField[OpsWorksBackup] {
	type b = OpsWorksBackup
	return []wireField[b]{
		wireText("BackupArn", func(b *b) **string { return &b.BackupArn }),
		wireText("BackupId", func(b *b) **string { return &b.BackupId }),
		wireEnum("BackupType", func(b *b) *OpsWorksBackupType { return &b.BackupType }),
		wireScalar("CreatedAt", prelude.Timestamp, func(b *b) **time.Time { return &b.CreatedAt }, readWireTime),
		wireText("Description", func(b *b) **string { return &b.Description }),
		wireText("Engine", func(b *b) **string { return &b.Engine }),
		wireText("EngineModel", func(b *b) **string { return &b.EngineModel }),
		wireText("EngineVersion", func(b *b) **string { return &b.EngineVersion }),
		wireText("InstanceProfileArn", func(b *b) **string { return &b.InstanceProfileArn }),
		wireText("InstanceType", func(b *b) **string { return &b.InstanceType }),
		wireText("KeyPair", func(b *b) **string { return &b.KeyPair }),
		wireText("PreferredBackupWindow", func(b *b) **string { return &b.PreferredBackupWindow }),
		wireText("PreferredMaintenanceWindow", func(b *b) **string { return &b.PreferredMaintenanceWindow }),
		wireScalar("S3DataSize", prelude.Integer, func(b *b) **int32 { return &b.S3DataSize }, smithy.ShapeDeserializer.ReadInt32),
		wireText("S3DataUrl", func(b *b) **string { return &b.S3DataUrl }),
		wireText("S3LogUrl", func(b *b) **string { return &b.S3LogUrl }),
		wireList("SecurityGroupIds", prelude.String, func(b *b) *[]string { return &b.SecurityGroupIds }, readWireString),
		wireText("ServerName", func(b *b) **string { return &b.ServerName }),
		wireText("ServiceRoleArn", func(b *b) **string { return &b.ServiceRoleArn }),
		wireEnum("Status", func(b *b) *OpsWorksBackupStatus { return &b.Status }),
		wireText("StatusDescription", func(b *b) **string { return &b.StatusDescription }),
		wireList("SubnetIds", prelude.String, func(b *b) *[]string { return &b.SubnetIds }, readWireString),
		wireText("ToolsVersion", func(b *b) **string { return &b.ToolsVersion }),
		wireText("UserArn", func(b *b) **string { return &b.UserArn }),
	}
}

// opsWorksRequest writes an input. The input itself has no methods: it stays a plain struct.
type opsWorksRequest struct {
	schema *smithy.Schema
	input  *OpsWorksDescribeBackupsInput
}

func (w opsWorksWire) request(input *OpsWorksDescribeBackupsInput) smithy.Serializable {
	return opsWorksRequest{schema: w.operation.Input, input: input}
}

// Serialize implements smithy.Serializable.
func (r opsWorksRequest) Serialize(s smithy.ShapeSerializer) {
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

// opsWorksResponse reads an output.
type opsWorksResponse struct {
	output wireStruct[OpsWorksDescribeBackupsOutput]
	page   *OpsWorksDescribeBackupsOutput
}

func (w opsWorksWire) response(page *OpsWorksDescribeBackupsOutput) smithy.Deserializable {
	return opsWorksResponse{output: w.output, page: page}
}

// Deserialize implements smithy.Deserializable. A null where the page is owed is an error, as in the
// SDK's newer clients: taken for an empty page, it would end a listing early.
func (r opsWorksResponse) Deserialize(d smithy.ShapeDeserializer) error {
	null, err := d.ReadNil(r.output.schema)
	if err != nil {
		return err
	}
	if null {
		return errors.New("expected '{', got null")
	}
	return r.output.read(d, r.output.schema, r.page)
}
