package weights

import (
	"errors"
	"fmt"
	"strings"
)

// Dict is a Python dict: keys (string, int64, float64, bool or nil) in the order in which they were set.
type Dict struct {
	keys   []any
	values []any
	index  map[any]int
}

func newDict() *Dict { return &Dict{index: map[any]int{}} }

// Len is the number of items.
func (d *Dict) Len() int { return len(d.keys) }

// Keys lists the keys in order; the slice is the dict's own.
func (d *Dict) Keys() []any { return d.keys }

// Get returns the value under key; integers may be given as int.
func (d *Dict) Get(key any) (any, bool) {
	if i, ok := key.(int); ok {
		key = int64(i)
	}
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

func (d *Dict) set(key, value any) {
	if i, ok := d.index[key]; ok {
		d.values[i] = value
		return
	}
	d.index[key] = len(d.keys)
	d.keys = append(d.keys, key)
	d.values = append(d.values, value)
}

// setPairs sets keys and values that stand in turn.
func (d *Dict) setPairs(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("a dict's last key has no value")
	}
	for i := 0; i < len(items); i += 2 {
		switch items[i].(type) {
		case string, int64, float64, bool, nil:
			d.set(items[i], items[i+1])
		default:
			return fmt.Errorf("%s as a dict's key", quote(items[i]))
		}
	}
	return nil
}

// Limits for what a tree may look like. Checkpoints nest a handful of levels; a pickle can nest without end or contain
// itself.
const (
	maxDepth = 64
	maxNodes = 1 << 20
)

// grower turns what the pickle machine left behind into the tree that callers see: lists and tuples become []any, lazy
// tensors are read from their storages.
type grower struct {
	materialise func(name string, t *lazyTensor) (Tensor, error)
	nodes       int
}

func (g *grower) grow(path []string, v any) (any, error) {
	g.nodes++
	if g.nodes > maxNodes {
		return nil, fmt.Errorf("more than %d values", maxNodes)
	}
	if len(path) > maxDepth {
		return nil, fmt.Errorf("%s: nested deeper than %d levels", clip(dotted(path)), maxDepth)
	}
	switch v := v.(type) {
	case *Dict:
		return g.growDict(path, v)
	case *list:
		return g.growList(path, v.items)
	case tuple:
		return g.growList(path, v)
	case *lazyTensor:
		return g.materialise(dotted(path), v)
	case *storage, storageType, global:
		return nil, fmt.Errorf("%s: %s stands where a value should", clip(dotted(path)), quote(v))
	}
	return v, nil
}

// dotted is the name of what stands at path.
func dotted(path []string) string { return strings.Join(path, ".") }

func (g *grower) growDict(path []string, from *Dict) (any, error) {
	d := newDict()
	for i, key := range from.keys {
		v, err := g.grow(append(path, fmt.Sprint(key)), from.values[i])
		if err != nil {
			return nil, err
		}
		d.set(key, v)
	}
	return d, nil
}

func (g *grower) growList(path []string, from []any) (any, error) {
	items := make([]any, 0, min(len(from), maxNodes-g.nodes))
	for i, item := range from {
		v, err := g.grow(append(path, fmt.Sprint(i)), item)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}

// flatten collects a tree's tensors under their path, joined with dots: the checkpoint {"parallel_flows": [{"conv.weight":
// T}]} holds the tensor parallel_flows.0.conv.weight. Other values are left out.
func flatten(source string, tree any) (*StateDict, error) {
	d := &StateDict{source: source, index: map[string]int{}}
	if err := d.addTree(tree); err != nil {
		return nil, err
	}
	if len(d.tensors) == 0 {
		return nil, fmt.Errorf("reading %s: it holds no tensors", source)
	}
	return d, nil
}

func (d *StateDict) addTree(v any) error {
	var items []any
	switch v := v.(type) {
	case Tensor:
		return d.add(v)
	case *Dict:
		items = v.values
	case []any:
		items = v
	}
	for _, item := range items {
		if err := d.addTree(item); err != nil {
			return err
		}
	}
	return nil
}
