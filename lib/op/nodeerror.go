package op

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
)

// NodeError says which node of a graph could not be translated to another form of program.
type NodeError struct {
	Form string // such as onnx
	Node *G.Node
	Err  error
}

// AtNode adds the node to an error, unless a node before it is to blame.
func AtNode(form string, n *G.Node, err error) error {
	var deeper *NodeError
	if err == nil || errors.As(err, &deeper) {
		return err
	}
	return &NodeError{form, n, err}
}

func (e *NodeError) Error() string {
	if e.Node.Op() == nil {
		return fmt.Sprintf("%s: leaf %s %v: %v", e.Form, e.Node.Name(), e.Node.Shape(), e.Err)
	}
	return fmt.Sprintf("%s: lowering %v at node %x %v: %v", e.Form, e.Node.Op(), e.Node.ID(), e.Node.Shape(), e.Err)
}

func (e *NodeError) Unwrap() error { return e.Err }
