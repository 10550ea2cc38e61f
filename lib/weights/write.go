package weights

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// WriteSafetensors writes the tensors and the header text to path. The file appears whole or not at all: it is written
// beside path, flushed to the disk and renamed. Equal arguments give equal bytes.
//
// The data is in the given order, wider element types first, so that every tensor is aligned. A tensor's DType says how it
// is stored; F16 and BF16 round to nearest even. Lengths that do not match the shape, doubled names and unknown types are
// errors.
func WriteSafetensors(path string, tensors []Tensor, metadata map[string]string) error {
	ordered, err := writeOrder(tensors)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return durable.Write(path, 0o644, func(w io.Writer) error { return encodeSafetensors(w, ordered, metadata) })
}

// writeOrder checks the tensors and sorts them by element size.
func writeOrder(tensors []Tensor) ([]Tensor, error) {
	seen := make(map[string]bool, len(tensors))
	for _, t := range tensors {
		if err := checkWritable(t); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		if seen[t.Name] || t.Name == "__metadata__" {
			return nil, fmt.Errorf("tensor %s: the name is already taken", t.Name)
		}
		seen[t.Name] = true
	}
	ordered := slices.Clone(tensors)
	slices.SortStableFunc(ordered, func(a, b Tensor) int { return elemSize(b) - elemSize(a) })
	return ordered, nil
}

func checkWritable(t Tensor) error {
	dt, err := dtypeOf(t.DType)
	if err != nil {
		return err
	}
	have := len(t.Data)
	if dt.float == nil {
		have = len(t.Ints)
	}
	if n, ok := byteSize(t.Shape, 1); !ok || n != have {
		return fmt.Errorf("shape %v of %s does not match %d values", t.Shape, dt.name, have)
	}
	return nil
}

// elemSize is for tensors that checkWritable has seen.
func elemSize(t Tensor) int {
	dt, _ := dtypeOf(t.DType)
	return dt.size
}

func encodeSafetensors(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	header, err := encodeHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(le.AppendUint64(nil, uint64(len(header)))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		dt, _ := dtypeOf(t.DType)
		raw := make([]byte, t.Len()*dt.size)
		dt.encode(raw, t)
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}

// encodeHeader writes the JSON by hand because encoding/json would sort the names; it is padded with spaces to a multiple
// of 8 bytes.
func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var fields []string
	if len(metadata) > 0 {
		text, err := json.Marshal(metadata)
		if err != nil {
			return nil, err
		}
		fields = append(fields, `"__metadata__":`+string(text))
	}
	at := 0
	for _, t := range tensors {
		name, err := json.Marshal(t.Name)
		if err != nil {
			return nil, err
		}
		dt, _ := dtypeOf(t.DType)
		end := at + t.Len()*dt.size
		shape := strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ",")
		fields = append(fields, fmt.Sprintf(`%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dt.name, shape, at, end))
		at = end
	}
	header := "{" + strings.Join(fields, ",") + "}"
	return []byte(header + strings.Repeat(" ", -len(header)&7)), nil
}
