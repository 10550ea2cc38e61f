package main

import "fmt"

func count(yield func(int) bool) {
	for i := range 2 {
		if !yield(i) {
			return
		}
	}
}
func a() {
	for i := range count {
		defer fmt.Println("deferred a", i)
	}
	fmt.Println("end a")
}
func b() {
	defer fmt.Println("own")
	for i := range count {
		defer fmt.Println("deferred b", i)
	}
	fmt.Println("end b")
}
func c() {
	for i := range count {
		defer func() { fmt.Println("deferred c", i) }()
	}
	fmt.Println("end c")
}
func main() { a(); b(); c() }

// Output:
// end a
// deferred a 1
// deferred a 0
// end b
// deferred b 1
// deferred b 0
// own
// end c
// deferred c 1
// deferred c 0
