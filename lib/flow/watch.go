package flow

import (
	"strings"

	G "gorgonia.org/gorgonia"
)

// Watched is a node that a block points out while it is written down, under a name that a person understands: a
// diverging training looks through them for the first block whose values are not numbers, and the training curves show
// those of kind ScaleLogLikelihood.
type Watched struct {
	Kind WatchKind
	Name string
	Node *G.Node
}

// WatchKind says what a watched node holds.
type WatchKind int

const (
	// BlockOutput is an output of a block, (B,C,H,W), or its logdet (B).
	BlockOutput WatchKind = iota
	// ScaleLogLikelihood is −½‖z_i‖² + logdet_i of one scale for each sample, (B), in nats.
	ScaleLogLikelihood
	// LogScale is the log-scale s of an AllInOne's coupling, (B,⌊C/2⌋,H,W).
	LogScale
)

// Watch points out a node. Nodes are listed in the order in which they are computed.
func (t *Tape) Watch(kind WatchKind, name string, n *G.Node) {
	t.watched = append(t.watched, Watched{kind, name, n})
}

// Watched lists the nodes of one kind.
func (t *Tape) Watched(kind WatchKind) []Watched {
	var out []Watched
	for _, w := range t.watched {
		if w.Kind == kind {
			out = append(out, w)
		}
	}
	return out
}

// watchBlock points out the outputs of the block that is being written down, by the name that its parameters share.
func (t *Tape) watchBlock(z []*G.Node) {
	for _, n := range z {
		t.Watch(BlockOutput, strings.TrimSuffix(t.place, "."), n)
	}
}
