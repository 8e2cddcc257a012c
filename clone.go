package backupx

import "reflect"

// deepest is how many pointers, slices and maps within each other are copied. No input of an SDK operation has as many; a
// value that contains itself has more.
const deepest = 32

// cloned returns a copy of a value that shares no slice, map or pointer with it, as far as exported fields lead to them.
// Values in interfaces are shared.
func cloned[T any](v T) T {
	cloneInto(reflect.ValueOf(&v).Elem(), deepest)
	return v
}

// cloneInto replaces what a value shares with the value that it was copied from.
func cloneInto(v reflect.Value, depth int) {
	if depth == 0 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			cloneInto(v.Field(i), depth)
		}
	case reflect.Array:
		for i := range v.Len() {
			cloneInto(v.Index(i), depth)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			v.Set(cloneOf(v.Elem(), depth).Addr())
		}
	case reflect.Slice:
		if !v.IsNil() {
			to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			for i := range v.Len() {
				to.Index(i).Set(cloneOf(v.Index(i), depth))
			}
			v.Set(to)
		}
	case reflect.Map:
		if !v.IsNil() {
			to := reflect.MakeMapWithSize(v.Type(), v.Len())
			for k, e := range v.Seq2() {
				to.SetMapIndex(k, cloneOf(e, depth))
			}
			v.Set(to)
		}
	}
}

// cloneOf returns a copy of the value that a pointer, a slice or a map leads to.
func cloneOf(v reflect.Value, depth int) reflect.Value {
	to := reflect.New(v.Type()).Elem()
	to.Set(v)
	cloneInto(to, depth-1)
	return to
}
