package backupxbeam

import (
	"encoding/json"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// encodeJSON and decodeJSON are the coder of the input and the output of the transforms, so that people and
// other programs can read what a pipeline carries.
func encodeJSON(v beam.T) ([]byte, error) { return json.Marshal(v) }

func decodeJSON(t reflect.Type, text []byte) (beam.T, error) {
	v := reflect.New(t)
	err := json.Unmarshal(text, v.Interface())
	return v.Elem().Interface(), err
}
