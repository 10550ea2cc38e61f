package assist

import (
	"strings"
	"testing"
)

func TestSourceDirOfDependency(t *testing.T) {
	if dir := compiledSourceDir("example.com/nothing"); dir != "" {
		t.Errorf("a package that is not there lies in %s", dir)
	}
	dir := moduleDir("github.com/visualfc/xtype", "v0.3.2")
	if !strings.HasSuffix(dir, "xtype@v0.3.2") {
		t.Fatalf("moduleDir gives %q", dir)
	}
	if decl, _ := (wanted{name: "TypeOfType"}).in(dir + "/xtype.go"); !strings.HasPrefix(decl, "func TypeOfType(") {
		t.Error(decl)
	}
}
