package weights

import (
	"errors"
	"fmt"
	"slices"
)

// storageType is one of PyTorch's storage classes.
type storageType struct{ *dtype }

// storageTypes maps the classes that a pickle may name to element types.
var storageTypes = map[global]storageType{}

func init() {
	for class, name := range map[string]string{
		"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
		"LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8",
		"ByteStorage": "U8", "BoolStorage": "BOOL",
	} {
		dt, err := dtypeOf(name)
		if err != nil {
			panic(err)
		}
		storageTypes[global{"torch", class}] = storageType{dt}
	}
}

// storage is the memory behind one or more tensors. Its bytes are read after the pickle has run: the older format keeps
// them behind it.
type storage struct {
	key    string
	dtype  *dtype
	numel  int
	raw    []byte // part of the file; nil until it is known
	parent *storage
	offset int // into parent, in elements
}

// bytes are the storage's elements as they are in the file.
func (s *storage) bytes() ([]byte, error) {
	if s.parent != nil {
		all, err := s.parent.bytes()
		if err != nil {
			return nil, err
		}
		return all[s.offset*s.dtype.size:][:s.numel*s.dtype.size], nil
	}
	if len(s.raw) != s.numel*s.dtype.size {
		return nil, fmt.Errorf("storage %s has %d bytes, want %d of %s", clip(s.key), len(s.raw), s.numel, s.dtype.name)
	}
	return s.raw, nil
}

// newStorage checks the id ("storage", class, key, location, elements[, view]) that stands in the pickle for a storage.
// The location, such as "cuda:0", does not matter here. room is the file's size: no storage can be larger.
func newStorage(id tuple, room int64) (*storage, error) {
	if len(id) < 5 || id[0] != "storage" {
		return nil, errors.New("a reference to outside data that is no storage")
	}
	st, ok1 := id[1].(storageType)
	key, ok2 := id[2].(string)
	numel, ok3 := id[4].(int64)
	if !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("a storage with class %s, key %s, size %s", quote(id[1]), quote(id[2]), quote(id[4]))
	}
	if numel < 0 || numel > room/int64(st.size) {
		return nil, fmt.Errorf("storage %s claims %d elements, more than the file can hold", clip(key), numel)
	}
	return &storage{key: key, dtype: st.dtype, numel: int(numel)}, nil
}

// lazyTensor is a view of a storage, all in elements.
type lazyTensor struct {
	storage        *storage
	offset         int64
	shape, strides []int64
}

// rebuildTensor stands for torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[,
// metadata]).
func rebuildTensor(args []any) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("%d arguments are too few", len(args))
	}
	s, ok1 := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := toInts(args[2])
	strides, ok4 := toInts(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(strides) {
		return nil, errors.New("arguments are not a storage, an offset, a size and a stride")
	}
	return &lazyTensor{s, offset, shape, strides}, nil
}

func rebuildParameter(args []any) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(*lazyTensor); ok {
			return t, nil
		}
	}
	return nil, errors.New("the argument is no tensor")
}

func toInts(v any) ([]int64, bool) {
	items, ok := v.(tuple)
	if !ok {
		return nil, false
	}
	ints := make([]int64, len(items))
	for i, item := range items {
		if ints[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return ints, true
}

// tensorReader copies views out of storages. budget bounds the elements of all tensors together: strides of zero let a few
// bytes claim any size.
type tensorReader struct{ budget int64 }

func newTensorReader(fileSize int64) *tensorReader {
	return &tensorReader{budget: 4*fileSize + 1<<16}
}

func (r *tensorReader) read(name string, t *lazyTensor) (Tensor, error) {
	out, err := r.gather(t)
	if err != nil {
		return Tensor{}, fmt.Errorf("tensor %s: %w", clip(name), err)
	}
	out.Name = name
	return out, nil
}

func (r *tensorReader) gather(t *lazyTensor) (Tensor, error) {
	n, err := t.check()
	if err != nil {
		return Tensor{}, err
	}
	if r.budget -= n; r.budget < 0 {
		return Tensor{}, fmt.Errorf("shape %v: the tensors together claim far more elements than the file has bytes", t.shape)
	}
	raw, err := t.storage.bytes()
	if err != nil {
		return Tensor{}, err
	}
	dt := t.storage.dtype
	out := Tensor{Shape: make([]int, len(t.shape)), DType: dt.name}
	for i, d := range t.shape {
		out.Shape[i] = int(d)
	}
	if !t.dense() {
		raw = t.pack(raw, int(n))
	} else {
		raw = raw[t.offset*int64(dt.size):][:n*int64(dt.size)]
	}
	out.Data, out.Ints = dt.decode(raw)
	return out, nil
}

// check sees that every element lies inside the storage and returns how many there are. The bounds keep the sums far from
// overflow.
func (t *lazyTensor) check() (int64, error) {
	const most = 1 << 40
	n, last := int64(1), t.offset
	if t.offset < 0 || t.offset > most || len(t.shape) > 16 {
		return 0, fmt.Errorf("offset %d with %d dimensions", t.offset, len(t.shape))
	}
	for i, d := range t.shape {
		stride := t.strides[i]
		if d < 0 || d > most || stride < 0 || stride > most || (d > 0 && n > most/d) || (d > 1 && stride > most/(d-1)) {
			return 0, fmt.Errorf("shape %v with strides %v is impossible", t.shape, t.strides)
		}
		n *= d
		last += (d - 1) * stride
	}
	if n > 0 && last >= int64(t.storage.numel) {
		return 0, fmt.Errorf("shape %v with strides %v at offset %d reaches past the storage's %d elements",
			t.shape, t.strides, t.offset, t.storage.numel)
	}
	if n == 0 {
		t.offset = 0
	}
	return n, nil
}

// dense reports whether the elements stand in row-major order without gaps.
func (t *lazyTensor) dense() bool {
	want := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] == 0 {
			return true
		}
		if t.shape[i] > 1 && t.strides[i] != want {
			return false
		}
		want *= t.shape[i]
	}
	return true
}

// pack copies a strided view into row-major order.
func (t *lazyTensor) pack(raw []byte, n int) []byte {
	size := int64(t.storage.dtype.size)
	out := make([]byte, 0, int64(n)*size)
	at, index := t.offset, make([]int64, len(t.shape))
	for range n {
		out = append(out, raw[at*size:][:size]...)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			at += t.strides[i]
			if index[i] < t.shape[i] {
				break
			}
			at -= index[i] * t.strides[i]
			index[i] = 0
		}
	}
	return out
}

// sortedKeys lists storages in a fixed order, for errors that do not change from run to run.
func sortedKeys(m map[string]*storage) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
