package picture

import (
	"errors"
	"fmt"
	"image"
	"io"
)

// Lossless WebP (RFC 9649, section 3) may name up to 65,536 groups of five prefix codes in a few bytes, and the library makes room for
// all of them, 176 MB, before it reads the first. This file reads just enough to know how much room a picture's codes take: the
// header, the transforms, the picture of the groups' numbers, and the codes themselves.

// prefixRoom is how many bytes the codes of a picture may take in the library's memory: half of what decoding may take altogether, and
// what the codes of any encoder take whose picture is small.
func prefixRoom(size image.Point) int64 { return 8*int64(size.X)*int64(size.Y) + 2<<20 }

// The library keeps a table of 128 words and a slice for every code, and two nodes of eight bytes for every symbol.
const (
	codeRoom   = 536
	symbolRoom = 16
)

var errBrokenCodes = errors.New("broken image: its prefix codes are none")

// checkLossless makes sure that the codes of a lossless picture leave room. The bits begin after its header.
func checkLossless(data []byte, size image.Point) error {
	b := &bitReader{data: data}
	room, groups, err := b.picture(size)
	if err == nil && room > prefixRoom(size) {
		err = fmt.Errorf("a lossless WebP image of %d×%d pixels with %d groups of prefix codes, which take %d bytes of memory and more than its pixels: it is not read",
			size.X, size.Y, groups, room)
	}
	return err
}

// bitReader reads bits, the lowest of each byte first.
type bitReader struct {
	data []byte
	at   int // bits read
	err  error
}

func (b *bitReader) read(n int) (v int) {
	if b.at+n > 8*len(b.data) {
		b.err = fmt.Errorf("truncated image: %w", io.ErrUnexpectedEOF)
		return 0
	}
	for i := range n {
		v |= int(b.data[b.at>>3]>>(b.at&7)&1) << i
		b.at++
	}
	return v
}

// prefixCode is a canonical prefix code: how many symbols have each length, and the symbols in the order of their codes.
type prefixCode struct {
	counts  [16]int
	symbols []int
}

func (b *bitReader) symbol(c *prefixCode) int {
	if len(c.symbols) == 1 {
		return c.symbols[0]
	}
	code, first, index := 0, 0, 0
	for _, count := range c.counts[1:] {
		code |= b.read(1)
		if code-first < count {
			return c.symbols[index+code-first]
		}
		index, first = index+count, (first+count)<<1
		code <<= 1
	}
	if b.err == nil {
		b.err = errBrokenCodes
	}
	return 0
}

// canonical is the code of the given lengths by symbol; 0 leaves a symbol out.
func canonical(lengths []int) (c prefixCode) {
	for length := 1; length < len(c.counts); length++ {
		for symbol, l := range lengths {
			if l == length {
				c.counts[length]++
				c.symbols = append(c.symbols, symbol)
			}
		}
	}
	return c
}

// lengthOrder is the order in which the lengths of the code for lengths are stored.
var lengthOrder = [...]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// code reads a prefix code of an alphabet.
func (b *bitReader) code(alphabet int) (c prefixCode) {
	if b.read(1) == 1 {
		n, bits := 1+b.read(1), 1+7*b.read(1)
		c.symbols = append(c.symbols, b.read(bits))
		if n == 2 {
			c.symbols = append(c.symbols, b.read(8))
		}
		c.counts[1] = n
		return c
	}
	var order [len(lengthOrder)]int
	n := 4 + b.read(4)
	if n > len(lengthOrder) {
		b.err = errBrokenCodes
		return c
	}
	for _, symbol := range lengthOrder[:n] {
		order[symbol] = b.read(3)
	}
	c = canonical(b.lengths(canonical(order[:]), alphabet))
	if len(c.symbols) == 0 && b.err == nil {
		b.err = errBrokenCodes
	}
	return c
}

// lengths reads the lengths of a code: 16 repeats the last one that is not zero, 17 and 18 are runs of zeros.
func (b *bitReader) lengths(by prefixCode, alphabet int) []int {
	lengths, at, last, left := make([]int, alphabet), 0, 8, alphabet
	if len(by.symbols) == 0 {
		b.err = errBrokenCodes
		return lengths
	}
	if b.read(1) == 1 {
		left = 2 + b.read(2+2*b.read(3))
	}
	for ; at < alphabet && left > 0 && b.err == nil; left-- {
		length, run := b.symbol(&by), 1
		switch length {
		case 16:
			length, run = last, 3+b.read(2)
		case 17:
			length, run = 0, 3+b.read(3)
		case 18:
			length, run = 0, 11+b.read(7)
		}
		if at+run > alphabet {
			b.err = errBrokenCodes
			break
		}
		for ; run > 0; run-- {
			lengths[at] = length
			at++
		}
		if length > 0 {
			last = length
		}
	}
	return lengths
}

// The alphabets of a group: green with the lengths of copies and the colour cache, red, blue, alpha, and the distances of copies.
const (
	greens    = 256
	lengthsOf = 24
	distances = 40
)

type codeGroup [5]prefixCode

// group reads the five codes of a group, and tells what room they take.
func (b *bitReader) group(cache int) (g codeGroup, room int64) {
	for i, alphabet := range [...]int{greens + lengthsOf + cache, 256, 256, 256, distances} {
		if b.err == nil {
			g[i] = b.code(alphabet)
			room += codeRoom + symbolRoom*int64(len(g[i].symbols))
		}
	}
	return g, room
}

// cache reads how many colours the cache holds.
func (b *bitReader) cache() int {
	if b.read(1) == 0 {
		return 0
	}
	return 1 << b.read(4)
}

// small reads one of the pictures beside the picture, which have a single group, and gives the largest number in its red and green:
// copies of pixels that were there add none.
func (b *bitReader) small(w, h int) (largest int) {
	g, _ := b.group(b.cache())
	for done := 0; done < w*h && b.err == nil; {
		switch green := b.symbol(&g[0]); {
		case green < greens:
			red := b.symbol(&g[1])
			b.symbol(&g[2])
			b.symbol(&g[3])
			largest = max(largest, red<<8|green)
			done++
		case green < greens+lengthsOf:
			done += b.copied(green - greens)
			b.copied(b.symbol(&g[4]))
		default:
			done++
		}
	}
	return largest
}

// copied is the length or the distance that a symbol begins.
func (b *bitReader) copied(symbol int) int {
	if symbol < 4 {
		return symbol + 1
	}
	more := (symbol - 2) >> 1
	return (2+symbol&1)<<more + b.read(more) + 1
}

// tiles is how many tiles of 2^bits pixels a side has.
func tiles(side, bits int) int { return (side + 1<<bits - 1) >> bits }

// picture reads the transforms of a picture and its codes, and tells what room these take.
func (b *bitReader) picture(size image.Point) (room int64, groups int, err error) {
	w, h := size.X, size.Y
	const kinds = 4 // of transforms, each at most once
	for n := 0; b.read(1) == 1 && b.err == nil; n++ {
		if n == kinds {
			return 0, 0, errBrokenCodes
		}
		switch b.read(2) {
		case 0, 1: // predictors and factors of colours, by tiles
			bits := 2 + b.read(3)
			b.small(tiles(w, bits), tiles(h, bits))
		case 3: // a palette; of few colours several pixels are one
			colours := 1 + b.read(8)
			b.small(colours, 1)
			switch {
			case colours <= 2:
				w = tiles(w, 3)
			case colours <= 4:
				w = tiles(w, 2)
			case colours <= 16:
				w = tiles(w, 1)
			}
		}
	}
	cache, groups := b.cache(), 1
	if b.read(1) == 1 {
		bits := 2 + b.read(3)
		groups = 1 + b.small(tiles(w, bits), tiles(h, bits))
	}
	const leastBits = 5 * 4 // of a group: each code one symbol of one bit
	if b.err == nil && b.at+leastBits*groups > 8*len(b.data) {
		return 0, groups, fmt.Errorf("truncated image: %d bytes are too few for %d groups of prefix codes: %w", len(b.data), groups, io.ErrUnexpectedEOF)
	}
	for range groups {
		if b.err != nil || room > prefixRoom(size) {
			break
		}
		_, r := b.group(cache)
		room += r
	}
	return room, groups, b.err
}
