package interp

import (
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

// TestEmbedders has many pairs of types, since which of a pair is made first is by chance.
func TestEmbedders(t *testing.T) {
	src := strings.Builder{}
	src.WriteString("package main\nimport \"fmt\"\n")
	for _, n := range "abcdefghij" {
		src.WriteString(strings.ReplaceAll(`
type BaseN struct{ text string }
func (b *BaseN) String() string { return b.text }
func (*BaseN) Of(OuterN, OtherN, ThirdN) {}
type MiddleN struct{ *BaseN }
type OuterN struct{ x int; MiddleN }
type OtherN struct{ x int; *BaseN }
type ThirdN struct{ BaseN; x int }
`, "N", string(n)))
	}
	src.WriteString("func main() {\n\tfmt.Print(")
	for _, n := range "abcdefghij" {
		src.WriteString(strings.ReplaceAll(`OuterN{1, MiddleN{&BaseN{"n"}}}, MiddleN{&BaseN{"m"}}, OtherN{1, &BaseN{"o"}}, &ThirdN{BaseN{"t"}, 1}, `, "N", string(n)))
	}
	src.WriteString("\"\")\n}")
	interptest.Needs(t, "reflect_embedders", src.String(), strings.TrimSpace(strings.Repeat("n m o t ", 10)))
}
