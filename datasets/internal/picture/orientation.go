package picture

import (
	"encoding/binary"
	"io"
)

// A camera that was held sideways stores the picture as its sensor saw it and notes in the EXIF orientation how to turn it.
// Viewers obey, and masks are drawn in viewers.

// orientationOf is the EXIF orientation of an image file, 1 to 8; 1, which means upright, if it says none.
func orientationOf(f io.ReaderAt, size int64, format string) int {
	at, n := int64(0), size
	switch format {
	case "jpeg":
		at, n = exifInJPEG(f, size)
	case "png":
		at, n = exifInPNG(f, size)
	case "webp":
		at, n = exifInWebP(f, size)
	case "tiff":
	default:
		return 1
	}
	if n <= 0 || at+n > size {
		return 1
	}
	dir, err := readDirectory(io.NewSectionReader(f, at, n), n)
	if err != nil {
		return 1
	}
	return validOrientation(dir)
}

func validOrientation(dir *directory) int {
	if o := dir.first(tagOrientation, 1); o >= 1 && o <= 8 {
		return int(o)
	}
	return 1
}

// maxChunks bounds the walk over a file's chunks.
const maxChunks = 100_000

// exifInJPEG finds the EXIF block among the segments before the picture: FF, marker, length of two bytes, content.
func exifInJPEG(f io.ReaderAt, size int64) (at, n int64) {
	head := make([]byte, 10)
	for at, left := int64(2), maxChunks; at+10 <= size && left > 0; left-- {
		if _, err := f.ReadAt(head, at); err != nil || head[0] != 0xFF || head[1] == 0xDA {
			return 0, 0
		}
		if head[1] == 0xFF { // a marker may follow any number of these
			at++
			continue
		}
		length := int64(binary.BigEndian.Uint16(head[2:]))
		if head[1] == 0xE1 && string(head[4:10]) == "Exif\x00\x00" {
			return at + 10, length - 8
		}
		at += 2 + length
	}
	return 0, 0
}

// exifInPNG finds the chunk eXIf: length of four bytes, name, content, checksum.
func exifInPNG(f io.ReaderAt, size int64) (at, n int64) {
	head := make([]byte, 8)
	for at, left := int64(8), maxChunks; at+8 <= size && left > 0; left-- {
		if _, err := f.ReadAt(head, at); err != nil {
			return 0, 0
		}
		length := int64(binary.BigEndian.Uint32(head))
		if string(head[4:]) == "eXIf" {
			return at + 8, length
		}
		at += 12 + length
	}
	return 0, 0
}

// exifInWebP finds the chunk EXIF. Some writers copy it with the prefix that it has in a JPEG.
func exifInWebP(f io.ReaderAt, size int64) (from, n int64) {
	webpChunks(f, size, func(name string, at, length int64) bool {
		if name != "EXIF" {
			return true
		}
		from, n = at, length
		prefix := make([]byte, 6)
		if _, err := f.ReadAt(prefix, at); err == nil && string(prefix) == "Exif\x00\x00" {
			from, n = at+6, length-6
		}
		return false
	})
	return from, n
}

// Turned is the picture as a viewer shows it.
func (r Raster) Turned(orientation int) Raster {
	if orientation == 1 {
		return r
	}
	out := Raster{W: r.W, H: r.H, Ch: r.Ch}
	if orientation > 4 {
		out.W, out.H = r.H, r.W
	}
	if r.Deep != nil {
		out.Deep = turnSamples(r.Deep, r.W, r.H, r.Ch, orientation)
	} else {
		out.Pix = turnSamples(r.Pix, r.W, r.H, r.Ch, orientation)
	}
	return out
}

// turnSamples moves each pixel (x,y) of w×h to where its orientation says it belongs.
func turnSamples[T uint8 | uint16](in []T, w, h, ch, orientation int) []T {
	out := make([]T, len(in))
	for y := range h {
		for x := range w {
			to := turnedIndex(x, y, w, h, orientation)
			copy(out[to*ch:to*ch+ch], in[(y*w+x)*ch:])
		}
	}
	return out
}

// turnedIndex is the place of pixel (x,y) in the rows of the turned picture. Orientations 5 to 8 exchange the sides.
func turnedIndex(x, y, w, h, orientation int) int {
	left, up := w-1-x, h-1-y
	switch orientation {
	case 2: // mirrored
		return y*w + left
	case 3: // upside down
		return up*w + left
	case 4: // mirrored and upside down
		return up*w + x
	case 5: // mirrored at the main diagonal
		return x*h + y
	case 6: // to be turned clockwise
		return x*h + up
	case 7: // mirrored at the other diagonal
		return left*h + up
	case 8: // to be turned anticlockwise
		return left*h + y
	}
	return y*w + x
}
