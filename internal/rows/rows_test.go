package rows_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
	hsmtypes "github.com/aws/aws-sdk-go-v2/service/cloudhsmv2/types"
	"github.com/stretchr/testify/require"

	"github.com/backupx-go/backupx"
	"github.com/backupx-go/backupx/internal/rows"
)

var at = time.Date(2026, time.March, 14, 6, 0, 0, 123456789, time.UTC)

// fill gives every exported field below v a value that occurs once.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(at.Add(time.Duration(*n))))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.String:
		v.SetString(fmt.Sprintf("<text & %d>", *n)) // of an enum too: a value that this SDK does not know
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1<<30 + int64(*n))
	default:
		panic("a member of a kind that is not known: " + v.Type().String())
	}
}

func filled[T any]() (item T) {
	fill(reflect.ValueOf(&item).Elem(), new(int))
	return item
}

// row returns the row of a record, written as JSON and read back.
func row(t *testing.T, r backupx.Record) rows.Row {
	t.Helper()
	made, err := rows.Of(backupx.Sourced[backupx.Record]{Source: "audit/eu-west-1", Account: "000000000000", Region: "eu-west-1", Item: r})
	require.NoError(t, err)
	text, err := json.Marshal(made)
	require.NoError(t, err)
	var back rows.Row
	require.NoError(t, json.Unmarshal(text, &back))
	return back
}

// holdsAll requires that the item of a row has every member of a type by its name, and reads back as it was.
func holdsAll[T hsmtypes.Backup | backupx.OpsWorksBackup | types.BackupJob | types.CopyJob](t *testing.T) {
	item := filled[T]()
	r := row(t, backupx.RecordOf(item))
	var members map[string]any
	require.NoError(t, json.Unmarshal(r.Item, &members))
	for i := range reflect.TypeFor[T]().NumField() {
		if f := reflect.TypeFor[T]().Field(i); f.IsExported() {
			require.Contains(t, members, f.Name)
			require.NotZero(t, members[f.Name], f.Name)
		}
	}
	var back T
	require.NoError(t, json.Unmarshal(r.Item, &back))
	require.Equal(t, item, back)
}

func TestARowHasEveryMemberOfItsItem(t *testing.T) {
	holdsAll[types.BackupJob](t)
	holdsAll[types.CopyJob](t)
	holdsAll[hsmtypes.Backup](t)
	holdsAll[backupx.OpsWorksBackup](t)
}

// newer is a backup job of an SDK that knows one more member.
type newer struct {
	types.BackupJob

	Immutable *bool
}

func TestARowHasTheMembersOfANewerSDK(t *testing.T) {
	r := row(t, backupx.Record{Item: newer{types.BackupJob{BackupJobId: aws.String("1")}, aws.Bool(true)}})
	require.Contains(t, string(r.Item), `"Immutable":true`)
	require.Contains(t, string(r.Item), `"BackupJobId":"1"`)
}

func TestTheColumnsOfARow(t *testing.T) {
	j := filled[types.BackupJob]()
	r := row(t, backupx.RecordOf(j))
	r.Item = nil
	require.Equal(t, rows.Row{
		Kind: "backup", Source: "audit/eu-west-1", AccountID: *j.AccountId, Region: "eu-west-1", ID: *j.BackupJobId, State: string(j.State),
		Resource: *j.ResourceArn, ResourceType: *j.ResourceType, Vault: *j.BackupVaultName, Category: *j.MessageCategory,
		Message: *j.StatusMessage, Created: *j.CreationDate, Completed: *j.CompletionDate, Bytes: j.BackupSizeInBytes,
	}, r)
	c := filled[types.CopyJob]()
	r = row(t, backupx.RecordOf(c))
	require.Equal(t, []string{"copy", *c.CopyJobId, *c.DestinationBackupVaultArn}, []string{r.Kind, r.ID, r.Vault})
	h := row(t, backupx.RecordOf(filled[hsmtypes.Backup]()))
	require.Equal(t, []string{"hsm", "CloudHSM", "000000000000"}, []string{h.Kind, h.ResourceType, h.AccountID})
	o := row(t, backupx.RecordOf(filled[backupx.OpsWorksBackup]()))
	require.Equal(t, []string{"opsworks", "OpsWorks CM"}, []string{o.Kind, o.ResourceType})
}

func TestAnItemThatIsNoJSONIsNamed(t *testing.T) {
	never := types.BackupJob{BackupJobId: aws.String("job-1"), CreationDate: aws.Time(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))}
	_, err := rows.Of(backupx.Sourced[backupx.Record]{Source: "audit/eu-west-1", Item: backupx.RecordOf(never)})
	require.ErrorContains(t, err, "audit/eu-west-1: job-1: ")
}

// The cells of a CSV file hold what the JSON object holds, under the same names.
func TestCellsAreTheValuesOfTheJSONObject(t *testing.T) {
	require.Equal(t, []string{
		"kind", "source", "account_id", "region", "id", "state", "resource", "resource_type", "vault", "category", "message",
		"created", "completed", "bytes", "item",
	}, rows.Header())
	for name, item := range map[string]types.CopyJob{"every member": filled[types.CopyJob](), "no member": {}} {
		t.Run(name, func(t *testing.T) {
			r := row(t, backupx.RecordOf(item))
			text, err := json.Marshal(r)
			require.NoError(t, err)
			var want map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(text, &want))
			var file bytes.Buffer
			w := csv.NewWriter(&file)
			require.NoError(t, w.Write(r.Cells()))
			w.Flush()
			cells, err := csv.NewReader(&file).Read()
			require.NoError(t, err)
			for i, column := range rows.Header() {
				var value string
				if json.Unmarshal(want[column], &value) != nil { // no text: a number, the item, or missing
					value = string(want[column])
				}
				require.Equal(t, value, cells[i], column)
			}
		})
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		`=HYPERLINK("http://x")`: `'=HYPERLINK("http://x")`, "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1",
		" =1": "' =1", "\r\n=1": "'\r\n=1", "＝1": "'＝1", "": "", " ": " ", "no = space": "no = space", "Füße": "Füße",
	} {
		r := row(t, backupx.RecordOf(types.BackupJob{StatusMessage: &text, BackupVaultName: &text}))
		require.Equal(t, []string{want, want}, []string{r.Cells()[8], r.Cells()[10]}, text)
		require.False(t, strings.HasPrefix(r.Cells()[14], "'"))
		var back types.BackupJob
		require.NoError(t, json.Unmarshal([]byte(r.Cells()[14]), &back))
		require.Equal(t, text, *back.StatusMessage)
	}
}
