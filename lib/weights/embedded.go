package weights

import (
	"sync"

	"github.com/msflow-go/msflow/lib/weights/lite0"
)

// EmbeddedLite0 returns the weights of efficientnet_lite0 up to its block 10, which are part of the program; see
// lib/weights/lite0 for where they come from. The state dict is shared: callers MUST NOT write to its tensors.
func EmbeddedLite0() *StateDict { return embeddedLite0() }

var embeddedLite0 = sync.OnceValue(func() *StateDict {
	f, err := parseSafetensors("embedded "+lite0.Name, lite0.Data)
	if err == nil {
		var d *StateDict
		if d, err = f.StateDict(); err == nil {
			return d
		}
	}
	panic("weights: the embedded weights are damaged: " + err.Error()) // only a broken build
})
