package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestPromotedMethods(t *testing.T) {
	interptest.Needs(t, "ast_promote", `package main
import "fmt"
type A struct{ n int }
func (a A) String() string { return fmt.Sprint("A", a.n) }
type B struct{ A }
type C struct{ *B }
func main() { fmt.Println(C{&B{A{7}}}) }`, "A7")
}
