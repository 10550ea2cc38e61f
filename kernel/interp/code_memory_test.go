package interp

import (
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestMemory(t *testing.T) {
	interptest.Needs(t, "code_memory", `package main
import "fmt"
func main() {
	defer func() { fmt.Println(recover()) }()
	n := 1 << 58
	fmt.Println(len(make([]float64, n)))
}`, "runtime error: makeslice: len out of range")
	for _, expr := range []string{"make([]float64, n)", "make([]byte, 1, n)", "make(chan [1 << 10]byte, n)", "new([1 << 40]byte)[n-1:]"} {
		got := interptest.Run(t, `package main
import "fmt"
func main() {
	defer func() { fmt.Println(recover()) }()
	n := 1 << 40
	fmt.Println(len(`+expr+`), n)
}`, "")
		if !contains(got, "are more than the") && !contains(got, "out of range") {
			t.Errorf("%s prints %q", expr, got)
		}
	}
}
