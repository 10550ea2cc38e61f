package interp

import (
	"regexp"
	"strings"

	"github.com/goplus/ixgo"
)

var pathOfType = regexp.MustCompile(`(?:[\w.~-]+/)+(\w[\w.]*\.)`)

// goErrorText makes the error of a failed assertion what it is in Go, which calls it no runtime error and names packages
// without their paths:
//
//	var x any = url.URL{}
//	x.(fmt.Formatter) // panics with "runtime error: interface conversion: url.URL is not fmt.Formatter: …"
func goErrorText(p *ixgo.PanicInfo) {
	var text string
	switch e := p.Error.(type) {
	case ixgo.RuntimeError:
		text = string(e)
	case ixgo.PlainError:
		text = string(e)
	}
	if strings.HasPrefix(text, "interface conversion: ") && !leftOut("code_panictext") {
		p.Error = conversionError(pathOfType.ReplaceAllString(text, "$1"))
	}
}

// conversionError is the panic of an assertion that does not hold.
type conversionError string

func (e conversionError) Error() string { return string(e) }
func (e conversionError) RuntimeError() {}
