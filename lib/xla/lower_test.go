package xla

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryPrimitiveHasALowering reads the sources of lib/op: a primitive that is added there needs a case here.
func TestEveryPrimitiveHasALowering(t *testing.T) {
	lower, err := os.ReadFile("lower.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../op/*.go")
	if err != nil {
		t.Fatal(err)
	}
	primitive := regexp.MustCompile(`func \(p ([A-Z]\w*Op)\) Shape\(`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range primitive.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(lower), "case op."+m[1]+":") {
				t.Errorf("%s has no lowering (%s)", m[1], file)
			}
		}
	}
	if found < 20 {
		t.Fatalf("only %d primitives were found", found)
	}
}
