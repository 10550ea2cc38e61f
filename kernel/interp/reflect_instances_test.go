package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestNamesOfInstances(t *testing.T) {
	interptest.Needs(t, "reflect_instances", `package main
import "fmt"
type Box[T any] struct{ V T }
type Pair[K comparable, V any] struct { K K; V []Box[V] }
func NewBox[T any](v T) *Box[T] { return &Box[T]{V: v} }
func Pairs[T any](v T) any { return map[string]Pair[int, *T]{} }
func Local[T any](v T) any { type local struct{ V T }; return Box[local]{local{v}} }
type List[T any] struct { next *List[T]; v T }
func (l *List[T]) Push(v T) *List[T] { return &List[T]{l, v} }
func main() {
	fmt.Printf("%T %#v\n", NewBox(1), *NewBox(2))
	fmt.Printf("%T\n", Pairs("a"))
	fmt.Printf("%T\n", NewBox(NewBox(1.5)))
	fmt.Printf("%T %v\n", (*List[int])(nil).Push(1), Local(1) == Local(1))
	fmt.Println(Local(1) == Local("1"), Local("a") == Local("a"))
	fmt.Printf("%T %T\n%T\n", Local(1), Local("a"), Inner[string]())
}
func Inner[A any]() any { type of[B any] struct{}; type arg[C any] int; return of[arg[A]]{} }`, `*main.Box[int] main.Box[int]{V:2}
map[string]main.Pair[int,*string]
*main.Box[*main.Box[float64]]
*main.List[int] true
false true
main.Box[main.local[int]·1] main.Box[main.local[string]·1]
main.of[string;main.arg[string;string]·3]`)
}
