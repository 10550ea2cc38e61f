package interp

import "testing"

func TestPromotedMethods(t *testing.T) {
	needs(t, "ast_promote", `package main
import "fmt"
type A struct{ n int }
func (a A) String() string { return fmt.Sprint("A", a.n) }
type B struct{ A }
type C struct{ *B }
func main() { fmt.Println(C{&B{A{7}}}) }`, "A7")
}
