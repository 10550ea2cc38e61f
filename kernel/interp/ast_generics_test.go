package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

// TestStandardGenerics calls the generic functions that ixgo lacks.
func TestStandardGenerics(t *testing.T) {
	got := interptest.Run(t, `package main
import ("crypto/hkdf"; "crypto/pbkdf2"; "crypto/sha256"; "errors"; "fmt"; "hash/maphash"; "io/fs"; "os"; "reflect")
func main() {
	_, err := os.Open("/nothing/there")
	e, ok := errors.AsType[*fs.PathError](err)
	fmt.Println(e.Op, ok)
	n, ok := reflect.TypeAssert[int](reflect.ValueOf(3))
	fmt.Println(n, ok)
	seed := maphash.MakeSeed()
	fmt.Println(maphash.Comparable(seed, "a") == maphash.Comparable(seed, "a"))
	k, err := hkdf.Key(sha256.New, []byte("secret"), nil, "", 4)
	fmt.Printf("%x %v\n", k, err)
	k, err = pbkdf2.Key(sha256.New, "password", []byte("salt"), 1, 4)
	fmt.Printf("%x %v\n", k, err)
}`, "")
	if want := "open true\n3 true\ntrue\n2f34e5ff <nil>\n120fb6cf <nil>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
