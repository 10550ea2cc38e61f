package engine

import (
	"go/importer"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/goplus/ixgo"
)

// missingFromStandard are exported names of the standard library that cells cannot use, by package; see
// TestStandardLibrary.
var missingFromStandard = map[string]string{}

// TestStandardLibrary compares what cells can import with the toolchain's export data.
func TestStandardLibrary(t *testing.T) {
	if !slow() {
		t.Skip("MSFLOW_SLOW is not set")
	}
	s := newSession(t)
	real := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for _, path := range ixgo.PackageList() {
		if strings.Contains(path, ".") || strings.Contains(path, "internal") || strings.HasPrefix(path, "msflow/") || path == "unsafe" {
			continue
		}
		want, err := real.Import(path)
		if err != nil {
			t.Logf("%s: %v", path, err)
			continue
		}
		got, err := s.importPackage(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var missing []string
		for _, name := range want.Scope().Names() {
			if types.Object(want.Scope().Lookup(name)).Exported() && got.Scope().Lookup(name) == nil {
				missing = append(missing, name)
			}
		}
		if list := strings.Join(missing, " "); list != missingFromStandard[path] {
			t.Errorf("%s lacks %s", path, list)
		}
	}
}
