package picture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
)

// webpChunks walks over the chunks of a WebP file: name, length of four bytes, content padded to an even length. It ends
// when do says so.
func webpChunks(f io.ReaderAt, size int64, do func(name string, at, length int64) (more bool)) {
	head := make([]byte, 8)
	for at, left := int64(12), maxChunks; at+8 <= size && left > 0; left-- {
		if _, err := f.ReadAt(head, at); err != nil {
			return
		}
		length := int64(binary.LittleEndian.Uint32(head[4:]))
		if !do(string(head[:4]), at+8, length) {
			return
		}
		at += 8 + length + length%2
	}
}

// lossyPixels is how many pixels a byte of lossy WebP can describe at most: a block of 16×16 spends more than a bit on how it
// is predicted, whose probabilities are fixed in a key frame.
const lossyPixels = 8 * 16 * 16

// checkWebP makes sure of what the library takes on trust: that the picture lies in the file and is as large as the canvas
// that is claimed for it. Animations are not read.
func checkWebP(f io.ReaderAt, size int64, canvas image.Point) (err error) {
	webpChunks(f, size, func(name string, at, length int64) bool {
		if at+length > size {
			err = fmt.Errorf("truncated image: chunk %q of %d bytes at %d: %w", name, length, at, io.ErrUnexpectedEOF)
			return false
		}
		head := make([]byte, min(length, 10))
		if _, err = f.ReadAt(head, at); err != nil {
			return false
		}
		var frame image.Point
		switch {
		case name == "ANIM" || name == "ANMF":
			err = errors.New("an animated WebP image, which is not read")
		case name == "VP8 " && len(head) == 10: // frame tag, start code, then 14 bits of width and of height
			frame = image.Pt(int(binary.LittleEndian.Uint16(head[6:])&0x3FFF), int(binary.LittleEndian.Uint16(head[8:])&0x3FFF))
		case name == "VP8L" && len(head) >= 5: // signature, then 14 bits of width − 1 and of height − 1
			bits := binary.LittleEndian.Uint32(head[1:])
			frame = image.Pt(int(bits&0x3FFF)+1, int(bits>>14&0x3FFF)+1)
		}
		if name == "VP8 " && int64(frame.X)*int64(frame.Y) > lossyPixels*(length+64) {
			err = fmt.Errorf("truncated image: %d bytes are too few for %d×%d pixels: %w", length, frame.X, frame.Y, io.ErrUnexpectedEOF)
			return false
		}
		switch {
		case frame != (image.Point{}) && frame != canvas:
			err = fmt.Errorf("broken image: a picture of %d×%d pixels on a canvas of %d×%d", frame.X, frame.Y, canvas.X, canvas.Y)
		case name == "VP8L":
			err = checkLosslessAt(f, at+losslessHeader, length-losslessHeader, canvas)
		case name == "ALPH" && len(head) > 0 && head[0]&3 == 1: // compressed as a lossless picture without its header
			err = checkLosslessAt(f, at+1, length-1, canvas)
		}
		return err == nil
	})
	return err
}

// losslessHeader is the bytes of a lossless picture's header: signature, size, whether it has alpha, version.
const losslessHeader = 5

func checkLosslessAt(f io.ReaderAt, at, length int64, size image.Point) error {
	data := make([]byte, max(length, 0))
	if _, err := f.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return checkLossless(data, size)
}
