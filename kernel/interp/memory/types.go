package memory

import (
	"go/types"
	"runtime"
)

// Sizes are those of Go's own compiler, for this processor.
var Sizes = types.SizesFor("gc", runtime.GOARCH)

// Larger reports whether values of a type take more than n bytes.
func Larger(t types.Type, n int64) bool {
	size := Sizes.Sizeof(t)
	return size < 0 || size > n
}
