package interp

import (
	"regexp"
	"strings"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
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
	if strings.HasPrefix(text, "interface conversion: ") && !levels.LeftOut("code_panictext") {
		p.Error = ssarepair.ConversionError(pathOfType.ReplaceAllString(text, "$1"))
	}
}
