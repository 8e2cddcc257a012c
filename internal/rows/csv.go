package rows

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Header returns the names of the columns.
func Header() []string {
	var names []string
	for i := range reflect.TypeFor[Row]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Row]().Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// Cells returns the row as the cells of a CSV file, in the order of [Header]. A value that is missing is an empty cell,
// and the item is JSON. A text that a spreadsheet would run as a formula has an apostrophe before it; in the item it
// is as it was.
func (r Row) Cells() []string {
	v := reflect.ValueOf(r)
	cells := make([]string, v.NumField())
	for i := range cells {
		cells[i] = cell(v.Field(i).Interface())
	}
	return cells
}

func cell(value any) string {
	switch v := value.(type) {
	case string:
		return harmless(v)
	case time.Time:
		if !v.IsZero() {
			return v.Format(time.RFC3339Nano)
		}
	case *int64:
		if v != nil {
			return strconv.FormatInt(*v, 10)
		}
	case json.RawMessage:
		return string(v)
	}
	return ""
}

// harmless returns a text that no spreadsheet takes for a formula. Spreadsheets pass over blanks before a formula.
func harmless(text string) string {
	if first := strings.TrimLeft(text, " \t\r\n"); first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
		return "'" + text
	}
	return text
}
