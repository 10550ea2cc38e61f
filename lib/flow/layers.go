package flow

import (
	"fmt"
	"html"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// Layer is a part of a model in its summary.
type Layer struct {
	Name    string // the kind of block, and its place: "scale 1, block 3: AllInOne", counted from 1
	In, Out []Map
	Cost
}

// Layers is the summary of a model: its parts in the order of the data, with shapes, parameters and multiply-adds.
// Notebooks show it as a table.
type Layers []Layer

// LayersOf lists the parts of b for maps x: the blocks of a Sequence, those of each scale of an MSFlow and its fusion
// flow, or b alone.
func LayersOf(b Block, x []Map) (Layers, error) {
	var out Layers
	err := out.add(b, x, "")
	if err != nil {
		return nil, fmt.Errorf("listing the layers: %w", err)
	}
	return out, nil
}

func (l *Layers) add(b Block, x []Map, place string) error {
	switch b := b.(type) {
	case *Sequence:
		for k, part := range b.blocks {
			if err := l.add(part, x, strings.TrimPrefix(fmt.Sprintf("%s, block %d", place, k+1), ", ")); err != nil {
				return err
			}
			var err error
			if x, err = part.Out(x); err != nil {
				return err
			}
		}
		return nil
	case *MSFlow:
		if _, err := b.Out(x); err != nil {
			return err
		}
		for i, part := range b.parallel {
			if err := l.add(part, x[i:i+1], fmt.Sprintf("scale %d", i+1)); err != nil {
				return err
			}
		}
		if b.fusion == nil {
			return nil
		}
		return l.add(b.fusion, x, "")
	}
	out, err := b.Out(x)
	if err != nil {
		return err
	}
	cost, err := Summary(b, x)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T", b), "*flow.")
	if place != "" {
		name = place + ": " + name
	}
	*l = append(*l, Layer{name, x, out, cost})
	return nil
}

// Total is the cost of all layers together.
func (l Layers) Total() (sum Cost) {
	for _, k := range l {
		sum.Params += k.Params
		sum.State += k.State
		sum.MulAdds += k.MulAdds
	}
	return sum
}

var layerColumns = []string{"layer", "in (C,H,W)", "out (C,H,W)", "parameters", "multiply-adds"}

// rows are the table's, the total last.
func (l Layers) rows() (rows [][]string) {
	row := func(name, in, out string, c Cost) {
		rows = append(rows, []string{name, in, out, strings.TrimSpace(metric(int64(c.Params))), strings.TrimSpace(metric(c.MulAdds))})
	}
	for _, k := range l {
		row(k.Name, shapes(k.In), shapes(k.Out), k.Cost)
	}
	row("in all", "", "", l.Total())
	return rows
}

func shapes(maps []Map) string {
	list := make([]string, len(maps))
	for i, m := range maps {
		list[i] = m.String()
	}
	return strings.Join(list, " ")
}

// String is the table as text.
func (l Layers) String() string {
	rows := append([][]string{layerColumns}, l.rows()...)
	width := make([]int, len(layerColumns))
	for _, r := range rows {
		for j, cell := range r {
			width[j] = max(width[j], len(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-*s  %-*s  %-*s  %*s  %*s\n", width[0], r[0], width[1], r[1], width[2], r[2], width[3], r[3], width[4], r[4])
	}
	return b.String()
}

// HTML is the table for a notebook.
func (l Layers) HTML() string {
	var b strings.Builder
	b.WriteString("<table><tr>")
	for j, name := range layerColumns {
		fmt.Fprintf(&b, `<th style="%s">%s</th>`, align(j), name)
	}
	b.WriteString("</tr>")
	rows := l.rows()
	for i, r := range rows {
		cell := "td"
		if i == len(rows)-1 {
			cell = "th"
		}
		b.WriteString("<tr>")
		for j, text := range r {
			fmt.Fprintf(&b, `<%s style="%s">%s</%s>`, cell, align(j), html.EscapeString(text), cell)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}

// align puts words to the left and numbers to the right.
func align(column int) string {
	if column < 3 {
		return "text-align:left"
	}
	return "text-align:right"
}

// Cost is what a flow takes to hold and to run.
type Cost struct {
	Params  int   // learned numbers
	State   int   // other numbers: permutations, fixed matrices, running statistics
	MulAdds int64 // multiply-adds of all convolutions, forward, one sample
}

func (s Cost) String() string {
	return fmt.Sprintf("%s parameters, %sMAC", strings.TrimSpace(metric(int64(s.Params))), metric(s.MulAdds))
}

// metric is a number with a unit's prefix, as in "2.8 M".
func metric(n int64) string {
	for _, p := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if float64(n) >= 0.99995*p.size {
			return fmt.Sprintf("%.1f %s", float64(n)/p.size, p.name)
		}
	}
	return fmt.Sprintf("%d ", n)
}

// Summary counts b's parameters, and the multiply-adds of its forward pass over one sample of maps x. Only convolutions
// are counted, as is the field's custom; a user's own subnet counts as far as it uses op.Conv2D.
func Summary(b Block, x []Map) (Cost, error) {
	var s Cost
	for _, p := range b.Params() {
		if p.Frozen {
			s.State += p.Len()
		} else {
			s.Params += p.Len()
		}
	}
	t := NewTape(1, Dtype(DtypeOf(b)))
	var in []*G.Node
	for i, m := range x {
		in = append(in, t.Input(fmt.Sprintf("input.%d", i), m))
	}
	if _, _, err := b.Forward(t, in); err != nil {
		return Cost{}, fmt.Errorf("summary: %w", err)
	}
	for _, n := range t.graph.AllNodes() {
		s.MulAdds += mulAdds(t, n)
	}
	return s, nil
}

// mulAdds counts those of a convolution node: output values × weights per output channel.
func mulAdds(t *Tape, n *G.Node) int64 {
	o, ok := n.Op().(*op.Op)
	if !ok {
		return 0
	}
	if _, ok := o.Primitive.(op.Conv2DOp); !ok {
		return 0
	}
	in := t.graph.From(n.ID())
	in.Next() // x
	in.Next() // w
	w := in.Node().(*G.Node).Shape()
	return int64(n.Shape().TotalSize()) * int64(w[1]*w[2]*w[3])
}
