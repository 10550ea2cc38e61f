package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestTextOfPanics(t *testing.T) {
	interptest.Needs(t, "code_panictext", `package main
import ("fmt"; "net/url")
func main() {
	defer func() { fmt.Println(recover()) }()
	var x any = url.URL{}
	fmt.Println(x.(fmt.Formatter))
}`, "interface conversion: url.URL is not fmt.Formatter: missing method Format")
}
