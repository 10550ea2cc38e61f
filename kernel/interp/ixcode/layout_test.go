package ixcode

import "testing"

// TestLayout fails when ixgo changes what is mirrored.
func TestLayout(t *testing.T) {
	if err := Check(); err != nil {
		t.Fatal(err)
	}
}
