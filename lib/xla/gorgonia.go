package xla

import (
	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
)

func (l *lowering) gorgonia(n *G.Node, in []*hlo.Value, out hlo.Type) (*hlo.Value, error) {
	return nil, ErrNoLowering
}
