package detector

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/weights"
)

// ImportReference makes a detector of a checkpoint that the MSFlow authors' PyTorch program wrote (.pt, or the same
// tensors as safetensors). The file holds the flow's parameters but not what surrounds them, so c must say the backbone
// and the input size; scales, blocks, position code and subnet are read off the tensors.
//
// Both forms of the channel permutations are read: an index per channel, and the C×C one-hot matrix of FrEIA before August
// 2023. A checkpoint with matrices also has that FrEIA's clamp, α·tanh(a), so OldClamp is set.
//
// Errors name the file and the tensor that is missing, left over or of another shape.
func ImportReference(path string, c Config) (*Detector, error) {
	if c.Model = or(c.Model, MSFlow); c.Model != MSFlow {
		return nil, fmt.Errorf("importing %s: it holds an MSFlow, not a model %s", path, c.Model)
	}
	sd, err := weights.Load(path)
	if err != nil {
		return nil, fmt.Errorf("importing: %w", err)
	}
	r, err := newReferenceCheckpoint(path, sd)
	if err != nil {
		return nil, fmt.Errorf("importing %s: %w", path, err)
	}
	if c.Size == [2]int{} {
		return nil, fmt.Errorf("importing %s: the input size must be given; the checkpoint does not hold it", path)
	}
	c.Blocks, c.Cond, c.Subnet, c.NoFusion = r.blocks, r.cond, r.subnet, !r.fusion
	c.OldClamp = c.OldClamp || r.matrices
	d, err := New(c)
	if err != nil {
		return nil, fmt.Errorf("importing %s: %w", path, err)
	}
	if err := r.copyInto(d.Model()); err != nil {
		return nil, fmt.Errorf("importing %s: %w", path, err)
	}
	return d, nil
}

// referenceCheckpoint is a reference's state dict and what its shapes say of the model.
type referenceCheckpoint struct {
	path     string
	tensors  map[string]weights.Tensor // under the names of this program
	used     map[string]bool
	blocks   []int
	cond     int
	subnet   string
	fusion   bool
	matrices bool
}

// wrapping is what may stand before the names that count: keys of the checkpoint's dict, DataParallel's "module.".
var wrapping = regexp.MustCompile(`^.*?((?:parallel_flows\.\d+\.|fusion_flow\.).*)$`)

var blockName = regexp.MustCompile(`^parallel_flows\.(\d+)\.module_list\.(\d+)\.(.*)$`)

func newReferenceCheckpoint(path string, sd *weights.StateDict) (*referenceCheckpoint, error) {
	r := &referenceCheckpoint{path: path, tensors: map[string]weights.Tensor{}, used: map[string]bool{}}
	for _, name := range sd.Names() {
		m := wrapping.FindStringSubmatch(strings.ReplaceAll(name, ".module.", "."))
		if m == nil || derived(m[1]) {
			continue
		}
		t, err := sd.Get(name)
		if err != nil {
			return nil, err
		}
		r.tensors[m[1]] = t
	}
	return r, r.readShapes()
}

// derived tells whether a tensor follows from another, as the inverse of a permutation does, or only counts batches.
func derived(name string) bool {
	return strings.HasSuffix(name, "_inv") || strings.HasSuffix(name, "num_batches_tracked") || strings.HasPrefix(name, "optimizer")
}

// readShapes counts scales and blocks, and finds the position code's channels and the kind of subnet.
func (r *referenceCheckpoint) readShapes() error {
	for name := range r.tensors {
		r.fusion = r.fusion || strings.HasPrefix(name, "fusion_flow.")
		m := blockName.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		scale, _ := strconv.Atoi(m[1])
		block, _ := strconv.Atoi(m[2])
		if scale > 2 || block > 63 {
			return fmt.Errorf("tensor %s: more scales or blocks than a pyramid has", name)
		}
		for len(r.blocks) <= scale {
			r.blocks = append(r.blocks, 0)
		}
		r.blocks[scale] = max(r.blocks[scale], block+1)
	}
	if len(r.blocks) == 0 {
		return errors.New("it holds no parallel_flows.I.module_list.K.…: not a checkpoint of MSFlow")
	}
	first := "parallel_flows.0.module_list.0."
	conv, ok1 := r.tensors[first+"subnet.conv1.weight"]
	scale, ok2 := r.tensors[first+"global_scale"]
	perm, ok3 := r.tensors[first+"w_perm"]
	if !ok1 || !ok2 || !ok3 || len(conv.Shape) != 4 || scale.Len() == 0 {
		return fmt.Errorf("%s{subnet.conv1.weight, global_scale, w_perm} are not all there", first)
	}
	c := scale.Len()
	r.cond = conv.Shape[1] - (c - c/2)
	r.matrices = perm.Len() == c*c && c > 1
	r.subnet = "conv"
	if r.has(first + "subnet.ln.weight") {
		r.subnet = "conv_ln"
	}
	if r.has(first + "subnet.bn.weight") {
		r.subnet = "conv_bn"
	}
	return nil
}

func (r *referenceCheckpoint) has(name string) bool {
	_, ok := r.tensors[name]
	return ok
}

// copyInto gives every parameter its tensor; nothing may be missing or left over.
func (r *referenceCheckpoint) copyInto(model *flow.MSFlow) error {
	for _, p := range model.Params() {
		t, ok := r.tensors[p.Name]
		if !ok {
			return fmt.Errorf("there is no tensor %s", p.Name)
		}
		if err := copyParam(p, t); err != nil {
			return fmt.Errorf("tensor %s: %w", p.Name, err)
		}
		r.used[p.Name] = true
	}
	for name := range r.tensors {
		if !r.used[name] {
			return fmt.Errorf("tensor %s belongs to nothing in the model; the checkpoint is of another architecture", name)
		}
	}
	return nil
}

func copyParam(p *flow.Param, t weights.Tensor) error {
	if p.IsInt() {
		perm, err := permutationOf(t, p.Len())
		if err != nil {
			return err
		}
		copy(p.Value.Data().([]int64), perm)
		return nil
	}
	if t.Data == nil || !sameShape(t.Shape, p.Value.Shape()) {
		return fmt.Errorf("it has shape %v of %s and the model wants %v", t.Shape, t.DType, p.Value.Shape())
	}
	return p.Set(t.Data)
}

// sameShape ignores axes of length one, which differ between versions.
func sameShape(a, b []int) bool {
	long := func(s []int) []int {
		return slices.DeleteFunc(slices.Clone(s), func(d int) bool { return d == 1 })
	}
	return slices.Equal(long(a), long(b))
}

// permutationOf reads a permutation of c channels, as indices or as a one-hot matrix (C,C) or (C,C,1,1).
func permutationOf(t weights.Tensor, c int) ([]int64, error) {
	indices := t.Ints
	switch {
	case t.Len() == c && t.Ints == nil:
		for _, v := range t.Data {
			indices = append(indices, int64(v))
		}
	case t.Len() == c*c && t.Data != nil:
		perm, err := flow.PermutationOfMatrix(t.Data, c)
		if err != nil {
			return nil, err
		}
		for _, v := range perm {
			indices = append(indices, int64(v))
		}
	case t.Len() != c:
		return nil, fmt.Errorf("shape %v is neither %d indices nor their %d×%d matrix", t.Shape, c, c, c)
	}
	seen := make([]bool, c)
	for _, i := range indices {
		if i < 0 || i >= int64(c) || seen[i] {
			return nil, fmt.Errorf("%v is no permutation", indices)
		}
		seen[i] = true
	}
	return indices, nil
}
