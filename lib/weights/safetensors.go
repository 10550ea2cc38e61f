package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// maxHeader is the format's own limit for the JSON header, in bytes.
const maxHeader = 100_000_000

// File is an open safetensors file. The tensors stay on disk, mapped into memory, until they are asked for; what is handed
// out is a copy, so a File may be closed while its tensors are in use.
type File struct {
	path     string
	data     []byte // the whole file
	unmap    func() error
	metadata map[string]string
	entries  []entry // by offset
	index    map[string]int
}

// entry is a tensor's line in the header; lo and hi are positions in the file.
type entry struct {
	name   string
	dtype  *dtype
	shape  []int
	lo, hi int
}

// ReadSafetensors opens the file at path and checks its whole header: known types, shapes that fill exactly the bytes they
// are given, and spans that neither overlap nor leave holes. Close it when done.
func ReadSafetensors(path string) (*File, error) {
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	f, err := parseSafetensors(path, data)
	if err != nil {
		unmap()
		return nil, err
	}
	f.unmap = unmap
	return f, nil
}

// ParseSafetensors is ReadSafetensors of a file's content; name is what errors call it. The content must stay as it is.
func ParseSafetensors(name string, content []byte) (*File, error) {
	return parseSafetensors(name, content)
}

// Close unmaps the file. The File must not be used afterwards.
func (f *File) Close() error {
	if f.unmap == nil {
		return nil
	}
	unmap := f.unmap
	f.unmap, f.data = nil, nil
	return unmap()
}

// Metadata is the header's free text, such as {"format": "pt"}; never nil.
func (f *File) Metadata() map[string]string { return f.metadata }

// Names lists the tensors in the order of their data.
func (f *File) Names() []string {
	names := make([]string, len(f.entries))
	for i, e := range f.entries {
		names[i] = e.name
	}
	return names
}

// Tensor copies the tensor called name out of the file. The error wraps ErrMissing when there is none.
func (f *File) Tensor(name string) (Tensor, error) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, fmt.Errorf("reading %s: %w: %s", f.path, ErrMissing, name)
	}
	e := f.entries[i]
	t := Tensor{Name: e.name, Shape: slices.Clone(e.shape), DType: e.dtype.name}
	t.Data, t.Ints = e.dtype.decode(f.data[e.lo:e.hi])
	return t, nil
}

// Doubles copies the values of the tensor called name as float64. Those of an F64 tensor, which Tensor rounds, are exact.
func (f *File) Doubles(name string) ([]float64, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, err
	}
	out := make([]float64, t.Len())
	for i := range out {
		switch {
		case t.DType == "F64":
			out[i] = math.Float64frombits(le.Uint64(f.data[f.entries[f.index[name]].lo+8*i:]))
		case t.Ints != nil:
			out[i] = float64(t.Ints[i])
		default:
			out[i] = float64(t.Data[i])
		}
	}
	return out, nil
}

// StateDict copies all tensors out of the file.
func (f *File) StateDict() (*StateDict, error) {
	d := &StateDict{source: f.path, index: make(map[string]int, len(f.entries))}
	for _, e := range f.entries {
		t, err := f.Tensor(e.name)
		if err != nil {
			return nil, err
		}
		if err := d.add(t); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// parseSafetensors reads the header of a file: 8 bytes of length, JSON, data.
func parseSafetensors(path string, data []byte) (*File, error) {
	f := &File{path: path, data: data, metadata: map[string]string{}, index: map[string]int{}}
	if len(data) < 8 {
		return nil, f.errorf("%d bytes are too few for a safetensors file", len(data))
	}
	n := le.Uint64(data)
	if n > maxHeader || n > uint64(len(data)-8) {
		return nil, f.errorf("the header claims %d bytes, the file has %d: cut off, or no safetensors file", n, len(data)-8)
	}
	start := 8 + int(n)
	if err := f.parseHeader(data[8:start], start); err != nil {
		return nil, err
	}
	return f, f.checkSpans(start)
}

func (f *File) parseHeader(header []byte, start int) error {
	dec := json.NewDecoder(bytes.NewReader(header))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return f.errorf("the header is not a JSON object")
	}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return f.errorf("header: %w", err)
		}
		name := tok.(string) // an object's key is always a string
		if name == "__metadata__" {
			if len(f.metadata) > 0 {
				return f.errorf("header: __metadata__ occurs twice")
			}
			if err := dec.Decode(&f.metadata); err != nil {
				return f.errorf("header: __metadata__: %w", err)
			}
			continue
		}
		if err := f.parseEntry(dec, name, start); err != nil {
			return f.errorf("tensor %s: %w", clip(name), err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return f.errorf("header: %w", err)
	}
	if rest := header[dec.InputOffset():]; len(bytes.TrimRight(rest, " ")) > 0 {
		return f.errorf("something follows the header's JSON object")
	}
	if f.metadata == nil { // "__metadata__": null
		f.metadata = map[string]string{}
	}
	return nil
}

// description is what the header says of a tensor.
type description struct {
	dtype   string
	shape   []int
	offsets []int64
}

// decode reads the description key by key: encoding/json would take "DTYPE" for "dtype", and of a key that occurs twice
// the second value, where every other reader refuses the file.
func (h *description) decode(dec *json.Decoder) error {
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return errors.Join(errors.New("its description is not a JSON object"), err)
	}
	fields := map[string]any{"dtype": &h.dtype, "shape": &h.shape, "data_offsets": &h.offsets}
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key := tok.(string) // an object's key is always a string
		into, known := fields[key]
		if !known {
			into = new(json.RawMessage)
		}
		if known && seen[key] {
			return fmt.Errorf("%s occurs twice", key)
		}
		seen[key] = true
		if err := dec.Decode(into); err != nil {
			return fmt.Errorf("%s: %w", clip(key), err)
		}
	}
	if h.dtype == "" || h.shape == nil || h.offsets == nil {
		return errors.New("dtype, shape or data_offsets is missing (their case counts)")
	}
	_, err := dec.Token()
	return err
}

func (f *File) parseEntry(dec *json.Decoder, name string, start int) error {
	var h description
	if err := h.decode(dec); err != nil {
		return err
	}
	if _, dup := f.index[name]; dup {
		return fmt.Errorf("the name occurs twice")
	}
	dt, err := dtypeOf(h.dtype)
	if err != nil {
		return fmt.Errorf("element type %q is not supported", h.dtype)
	}
	if len(h.offsets) != 2 {
		return fmt.Errorf("data_offsets has %d numbers, want 2", len(h.offsets))
	}
	lo, hi, room := h.offsets[0], h.offsets[1], int64(len(f.data)-start)
	if lo < 0 || hi < lo || hi > room {
		return fmt.Errorf("bytes %d to %d do not lie in the file's %d bytes of data", lo, hi, room)
	}
	want, ok := byteSize(h.shape, dt.size)
	if !ok || int64(want) != hi-lo {
		return fmt.Errorf("shape %v of %s does not fill bytes %d to %d", h.shape, dt.name, lo, hi)
	}
	f.index[name] = len(f.entries)
	f.entries = append(f.entries, entry{name, dt, h.shape, start + int(lo), start + int(hi)})
	return nil
}

// checkSpans orders the tensors by their data and sees that the spans follow one another without overlap or hole up to the
// end of the file.
func (f *File) checkSpans(start int) error {
	slices.SortStableFunc(f.entries, func(a, b entry) int {
		if a.lo != b.lo {
			return a.lo - b.lo
		}
		return a.hi - b.hi
	})
	at, last := start, "the header"
	for i, e := range f.entries {
		f.index[e.name] = i
		if e.lo < at {
			return f.errorf("tensor %s: its data overlaps that of %s", clip(e.name), clip(last))
		}
		if e.lo > at {
			return f.errorf("tensor %s: %d unused bytes lie before its data", clip(e.name), e.lo-at)
		}
		at, last = e.hi, e.name
	}
	if at != len(f.data) {
		return f.errorf("%d bytes follow the last tensor", len(f.data)-at)
	}
	return nil
}

func (f *File) errorf(format string, args ...any) error {
	return fmt.Errorf("reading %s: "+format, append([]any{f.path}, args...)...)
}

// byteSize is the bytes that a shape needs; false if a size is negative or the product does not fit.
func byteSize(shape []int, elem int) (int, bool) {
	n := uint64(elem)
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > 1<<48 {
			return 0, false
		}
		n = lo
	}
	return int(n), true
}

// clip keeps names out of a damaged file from flooding the message.
func clip(name string) string {
	name = strings.ToValidUTF8(name, "?")
	if r := []rune(name); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return name
}
