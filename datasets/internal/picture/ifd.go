package picture

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// directory is a TIFF image file directory: what a TIFF file says of one page, and an EXIF block of its picture. Numbers
// are read when they are asked for, and only so many as are.
type directory struct {
	in      io.ReaderAt
	size    uint64 // bytes of in
	order   binary.ByteOrder
	big     bool // BigTIFF: offsets have eight bytes
	entries map[uint16]entry
	next    uint64 // where the next page's directory lies; 0: there is none
	err     error  // the first failure to read a tag's numbers
}

// entry is a tag's type, how many numbers it has, and the numbers or, where they are too long, their offset.
type entry struct {
	kind   uint16
	count  uint64
	values []byte
}

// errDirectory is the error for a directory that contradicts itself or its file.
var errDirectory = errors.New("broken directory")

// The sizes in bytes of the types of whole numbers: BYTE, SHORT, LONG and LONG8.
var directorySizes = map[uint16]uint64{1: 1, 3: 2, 4: 4, 16: 8}

// readDirectory reads the first directory of a TIFF structure of size bytes.
func readDirectory(r io.ReaderAt, size int64) (*directory, error) {
	d := &directory{in: r, size: uint64(size), entries: map[uint16]entry{}}
	head := make([]byte, 16)
	if n, err := r.ReadAt(head, 0); n < 8 {
		return nil, errors.Join(errDirectory, err)
	}
	switch string(head[:2]) {
	case "II":
		d.order = binary.LittleEndian
	case "MM":
		d.order = binary.BigEndian
	default:
		return nil, errDirectory
	}
	at := uint64(d.order.Uint32(head[4:]))
	switch d.order.Uint16(head[2:]) {
	case 42:
	case 43:
		d.big, at = true, d.order.Uint64(head[8:])
	default:
		return nil, errDirectory
	}
	return d, d.read(at)
}

// read reads the entries of the directory at the offset: tag, type, count, values.
func (d *directory) read(at uint64) error {
	first, each, n, next, err := d.extent(at)
	if err != nil {
		return err
	}
	raw, err := readAt(d.in, d.size, first, n*each)
	if err != nil {
		return err
	}
	d.next = next
	half := (each - 4) / 2
	for ; len(raw) > 0; raw = raw[each:] {
		d.entries[d.order.Uint16(raw)] = entry{d.order.Uint16(raw[2:]), d.number(raw[4:][:half]), raw[4+half : each]}
	}
	return nil
}

// extent tells where the entries of the directory at the offset lie and what follows them.
func (d *directory) extent(at uint64) (first, each, n, next uint64, err error) {
	countSize, offsetSize := uint64(2), uint64(4)
	if each = 12; d.big {
		each, countSize, offsetSize = 20, 8, 8
	}
	raw, err := readAt(d.in, d.size, at, countSize)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	first = at + countSize
	if n = d.number(raw); n > 1<<12 {
		return 0, 0, 0, 0, fmt.Errorf("%w: %d tags", errDirectory, n)
	}
	if raw, err := readAt(d.in, d.size, first+n*each, offsetSize); err == nil { // a missing link at a file's end is none
		next = d.number(raw)
	}
	return first, each, n, next, nil
}

// pages follows the links from directory to directory, up to most.
func (d *directory) pages(most int) int {
	n := 1
	for next := d.next; next != 0 && n < most; n++ {
		var err error
		if _, _, _, next, err = d.extent(next); err != nil {
			break
		}
	}
	return n
}

// count is how many numbers a tag has.
func (d *directory) count(tag uint16) uint64 { return d.entries[tag].count }

// numbers are the first n numbers of a tag, or fewer where it has fewer. Where they cannot be read it notes the error.
func (d *directory) numbers(tag uint16, n int) []uint64 {
	e, ok := d.entries[tag]
	if !ok {
		return nil
	}
	each := directorySizes[e.kind]
	if each == 0 {
		d.err = cmp.Or(d.err, fmt.Errorf("%w: tag %d is of type %d", errDirectory, tag, e.kind))
		return nil
	}
	values, wanted := e.values, min(e.count, uint64(n))
	if e.count > uint64(len(e.values))/each {
		var err error
		if values, err = readAt(d.in, d.size, d.number(e.values), wanted*each); err != nil {
			d.err = cmp.Or(d.err, fmt.Errorf("tag %d: %w", tag, err))
			return nil
		}
	}
	numbers := make([]uint64, wanted)
	for i := range numbers {
		numbers[i] = d.number(values[uint64(i)*each:][:each])
	}
	return numbers
}

// number is the whole number in raw, which has 1, 2, 4 or 8 bytes.
func (d *directory) number(raw []byte) uint64 {
	switch len(raw) {
	case 1:
		return uint64(raw[0])
	case 2:
		return uint64(d.order.Uint16(raw))
	case 4:
		return uint64(d.order.Uint32(raw))
	}
	return d.order.Uint64(raw)
}

// first is the first number of a tag, or otherwise.
func (d *directory) first(tag uint16, otherwise uint64) uint64 {
	if v := d.numbers(tag, 1); len(v) > 0 {
		return v[0]
	}
	return otherwise
}

// readAt reads n bytes at an offset, both of which may be anything, out of size bytes.
func readAt(r io.ReaderAt, size, at, n uint64) ([]byte, error) {
	if at > size || n > size-at {
		return nil, fmt.Errorf("%d bytes at %d of a file of %d: %w", n, at, size, io.ErrUnexpectedEOF)
	}
	raw := make([]byte, n)
	if m, err := r.ReadAt(raw, int64(at)); uint64(m) < n {
		return nil, fmt.Errorf("%d bytes at %d: %w", n, at, errors.Join(io.ErrUnexpectedEOF, err))
	}
	return raw, nil
}
