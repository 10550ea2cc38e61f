package weights

import (
	"bytes"
	"fmt"
)

// Load reads all tensors of a weights file, whichever of the formats it is in: .pth or .pt as written by torch.save (both
// its zip and its older pickle stream) or safetensors. The file's bytes decide, not its name.
//
// A checkpoint that nests state dicts comes out flat, with the keys on the way joined by dots: {"parallel_flows": [sd0,
// sd1]} gives parallel_flows.0.… and parallel_flows.1.…; StateDict.Sub takes one of them out again. Values that are no
// tensors are left out; LoadTree has them.
//
// Damaged, foreign and dangerous files give an error that names the file and, where there is one, the tensor.
func Load(path string) (*StateDict, error) {
	tree, err := LoadTree(path)
	if err != nil {
		return nil, err
	}
	return flatten(path, tree)
}

// LoadTree reads a weights file as nested values: *Dict, []any (lists and tuples), Tensor, string, int64, *big.Int,
// float64, bool and nil. A tensor's Name is its path. A safetensors file is a *Dict of tensors.
func LoadTree(path string) (any, error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	defer unmap()
	return parseTree(path, data)
}

// parseTree reads a whole file that is in memory; the result shares none of it.
func parseTree(path string, data []byte) (any, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return growTorch(path, data, func() (any, error) { return readTorchZip(data) })
	case isLegacy(data):
		return growTorch(path, data, func() (any, error) { return readTorchLegacy(data) })
	case len(data) > 8 && data[8] == '{':
		return safetensorsTree(path, data)
	}
	return nil, fmt.Errorf("reading %s: it is neither a PyTorch file (zip or pickle stream) nor safetensors", path)
}

func growTorch(path string, data []byte, read func() (any, error)) (any, error) {
	raw, err := read()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	g := grower{materialise: newTensorReader(int64(len(data))).read}
	tree, err := g.grow(nil, raw)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return tree, nil
}

func safetensorsTree(path string, data []byte) (any, error) {
	f, err := parseSafetensors(path, data)
	if err != nil {
		return nil, err
	}
	d := newDict()
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		d.set(name, t)
	}
	return d, nil
}
