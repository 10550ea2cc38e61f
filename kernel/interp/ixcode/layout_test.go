package ixcode

import (
	"reflect"
	"testing"
)

// TestLayout fails when ixgo changes what is mirrored.
func TestLayout(t *testing.T) {
	if err := Check(); err != nil {
		t.Fatal(err)
	}
}

// TestRename fails when Go describes types otherwise.
func TestRename(t *testing.T) {
	a := reflect.StructOf([]reflect.StructField{{Name: "Reader", Type: reflect.TypeFor[*testing.T]()}})
	Rename(a, "struct { Name }")
	if a.String() != "struct { Name }" || a.Name() != "" || reflect.SliceOf(a).String() != "[]struct { Name }" || a.Field(0).Name != "Reader" {
		t.Errorf("%v, %q, %v", a, a.Name(), reflect.SliceOf(a))
	}
}
