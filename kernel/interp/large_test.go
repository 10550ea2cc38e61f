package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

// TestLargeVariables has variables for which there is no room.
func TestLargeVariables(t *testing.T) {
	for _, src := range []string{"package main\nvar a [1 << 44]int\nfunc main() { a[1] = 2 }", "package main\nvar a [1 << 60][1 << 60]byte\nfunc main() {}"} {
		if got := interptest.Run(t, src, ""); !contains(got, "a") || !contains(got, "large") {
			t.Errorf("%s\nprints %s", src, got)
		}
	}
}
