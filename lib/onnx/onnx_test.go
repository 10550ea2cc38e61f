package onnx

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/onnx/internal/pb"
	"github.com/msflow-go/msflow/lib/op"
	"google.golang.org/protobuf/proto"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func leaf(g *G.ExprGraph, name string, shape ...int) *G.Node {
	n := tensor.Shape(shape).TotalSize()
	return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name),
		G.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(make([]float32, n)))))
}

func must(t *testing.T) func(*G.Node, error) *G.Node {
	return func(n *G.Node, err error) *G.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// read parses a written model and makes sure that it is one: every input of a node is there before the node, and no name
// is given twice.
func read(t *testing.T, g *Graph) *pb.ModelProto {
	t.Helper()
	var b bytes.Buffer
	if err := g.Write(&b, "test", "", map[string]string{"b": "2", "a": "1"}); err != nil {
		t.Fatal(err)
	}
	m := &pb.ModelProto{}
	if err := proto.Unmarshal(b.Bytes(), m); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, m.Graph, map[string]bool{"": true})
	return m
}

func wellFormed(t *testing.T, g *pb.GraphProto, there map[string]bool) {
	t.Helper()
	give := func(name string) {
		if there[name] {
			t.Errorf("%s is given twice", name)
		}
		there[name] = true
	}
	for _, c := range g.Initializer {
		give(c.Name)
	}
	for _, in := range g.Input {
		give(in.Name)
	}
	for _, n := range g.Node {
		for _, in := range n.Input {
			if !there[in] {
				t.Errorf("%s uses %s before it is there", n.Name, in)
			}
		}
		for _, a := range n.Attribute {
			if a.G != nil {
				wellFormed(t, a.G, there)
			}
		}
		for _, out := range n.Output {
			give(out)
		}
	}
	for _, out := range g.Output {
		if !there[out.Name] {
			t.Errorf("output %s is not computed", out.Name)
		}
	}
}

// A position code that all samples share is convolved by itself, with its part of the kernel, and its batch stays one.
func TestSharedInputIsNotJoined(t *testing.T) {
	must := must(t)
	g := G.NewGraph()
	x, p, w := leaf(g, "x", Batch, 3, 8, 8), leaf(g, "P", 1, 2, 8, 8), leaf(g, "w", 5, 5, 3, 3)
	y := must(op.Conv2D(must(op.Concat(x, p)), w, nil, op.Conv{Pad: [4]int{1, 1, 1, 1}}))
	out := New("shared")
	v, err := out.Lower([]*G.Node{y}, map[*G.Node]Value{x: out.Input("x", "", Float32, -1, 3, 8, 8)})
	if err != nil {
		t.Fatal(err)
	}
	out.Output("y", "", v[0], Float32, -1, 5, 8, 8)
	counts := map[string]int{}
	for _, n := range read(t, out).Graph.Node {
		counts[n.OpType]++
	}
	if counts["Conv"] != 2 || counts["Concat"] != 0 {
		t.Errorf("operators %v", counts)
	}
}

func TestRegionsGrowInALoop(t *testing.T) {
	g := New("regions")
	m := g.Input("map", "", Float32, -1, 1, 8, 8)
	g.Output("grown", "", g.Regions(m, 0.2, 0.5, 0), Float32, -1, 1, 8, 8)
	g.Output("level", "", g.Regions(m, 0.5, 0.5, 0), Float32, -1, 1, 8, 8)
	g.Output("peaks", "", g.Regions(m, 0.2, 0.5, 0.6), Float32, -1, 1, 8, 8)
	model := read(t, g)
	loops := 0
	for _, n := range model.Graph.Node {
		if n.OpType == "Loop" {
			loops++
		}
	}
	if loops != 3 || model.MetadataProps[0].Key != "a" || model.OpsetImport[0].Version < 17 {
		t.Errorf("%d loops, metadata %v, operators %v", loops, model.MetadataProps, model.OpsetImport)
	}
}

// What cannot be written is said with its node.
func TestWithoutLowering(t *testing.T) {
	must := must(t)
	g := G.NewGraph()
	x := leaf(g, "x", Batch, 4)
	_, err := New("no").Lower([]*G.Node{must(G.SoftMax(x))}, nil)
	if !errors.Is(err, ErrNoLowering) || !strings.Contains(err.Error(), "onnx: lowering") {
		t.Errorf("%v", err)
	}
	empty := G.NewTensor(g, tensor.Float32, 2, G.WithShape(2, 2), G.WithName("unbound"))
	if _, err := New("no").Lower([]*G.Node{empty}, nil); err == nil || !strings.Contains(err.Error(), "unbound") {
		t.Errorf("%v", err)
	}
}
