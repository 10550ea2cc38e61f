package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// npyArray is a NumPy array on disk, of which only the header is read. Its elements are used as flags: zero or not.
type npyArray struct {
	path  string
	shape []int
	size  int   // bytes of an element
	data  int64 // where the elements begin
}

var (
	npyType  = regexp.MustCompile(`'descr':\s*'[<|=](?:b|u|i|f)([1248])'`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([\d, ]*)\)`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*False`)
)

// openNPY reads the header of a .npy file of numbers or flags in row-major order.
func openNPY(path string) (npyArray, error) {
	f, err := os.Open(path)
	if err != nil {
		return npyArray{}, err
	}
	defer f.Close()
	a, err := readNPYHeader(f)
	if err == nil {
		a.path = path
		err = a.checkLength(f)
	}
	if err != nil {
		return a, fmt.Errorf("%s: %w", Printable(path), err)
	}
	return a, nil
}

func readNPYHeader(r io.Reader) (npyArray, error) {
	start := make([]byte, 12)
	if _, err := io.ReadFull(r, start[:10]); err != nil || !bytes.HasPrefix(start, []byte("\x93NUMPY")) {
		return npyArray{}, fmt.Errorf("not a .npy file")
	}
	length, a := int64(binary.LittleEndian.Uint16(start[8:])), npyArray{data: 10}
	if start[6] > 1 { // from version 2 on the length has four bytes
		if _, err := io.ReadFull(r, start[10:]); err != nil {
			return a, fmt.Errorf("header: %w", err)
		}
		length, a.data = int64(binary.LittleEndian.Uint32(start[8:])), 12
	}
	a.data += length
	header, err := io.ReadAll(io.LimitReader(r, min(length, 1<<16)))
	if err != nil {
		return a, err
	}
	return a, a.parse(string(header))
}

// parse takes type and shape from the header, a Python dictionary such as
// {'descr': '|u1', 'fortran_order': False, 'shape': (265, 480, 856), }.
func (a *npyArray) parse(header string) error {
	kind, shape := npyType.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if kind == nil || shape == nil || !npyOrder.MatchString(header) {
		return fmt.Errorf("no row-major array of little-endian numbers: header %.100q", header)
	}
	a.size = int(kind[1][0] - '0')
	for _, side := range strings.FieldsFunc(shape[1], func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(side)
		if err != nil || n > 1<<24 {
			return fmt.Errorf("shape (%s)", shape[1])
		}
		a.shape = append(a.shape, n)
	}
	if len(a.shape) == 0 || len(a.shape) > 3 {
		return fmt.Errorf("shape (%s) has %d dimensions, not 1 to 3", shape[1], len(a.shape))
	}
	return nil
}

func (a npyArray) checkLength(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	bytes := int64(a.size)
	for _, n := range a.shape {
		if n > 0 && bytes > info.Size()/int64(n)+1 {
			return fmt.Errorf("truncated: %d bytes are too few for shape %v", info.Size(), a.shape)
		}
		bytes *= int64(n)
	}
	if info.Size() < a.data+bytes {
		return fmt.Errorf("truncated: %d bytes, %d expected", info.Size(), a.data+bytes)
	}
	return nil
}

// flags reads item i of the first dimension, each element as 1 if it is not zero.
func (a npyArray) flags(i int) ([]uint8, error) {
	n := 1
	for _, side := range a.shape[1:] {
		n *= side
	}
	f, err := os.Open(a.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw := make([]byte, n*a.size)
	if _, err := f.ReadAt(raw, a.data+int64(i)*int64(len(raw))); err != nil {
		return nil, fmt.Errorf("%s: item %d: %w", Printable(a.path), i, err)
	}
	flags := make([]uint8, n)
	for k := range flags {
		if slices.ContainsFunc(raw[k*a.size:(k+1)*a.size], func(b byte) bool { return b != 0 }) {
			flags[k] = 1
		}
	}
	return flags, nil
}
