package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestReceivers(t *testing.T) {
	interptest.Needs(t, "reflect_receivers", `package main
import "fmt"
type Set struct{ m map[string]int }
func (s Set) String() string { return fmt.Sprint(len(s.m)) }
func main() { fmt.Println(Set{map[string]int{"a": 1}}) }`, "1")
}
