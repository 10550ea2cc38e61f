package picture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // the formats that image.Decode knows
	"image/png"
	"io"
	"os"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// MaxPixels is the largest picture that is decoded. A larger one is refused by its header, before memory is spent on it.
const MaxPixels = 100_000_000

// ErrEmptyFile is wrapped by the error for an image file of no bytes.
var ErrEmptyFile = errors.New("empty file")

// ErrTooLarge is wrapped by the error for an image of more than MaxPixels pixels, which are too many for every caller.
var ErrTooLarge = fmt.Errorf("%w than %d", ErrTooManyPixels, MaxPixels)

// ErrTooManyPixels is wrapped by the error for an image of more pixels than the caller allows.
var ErrTooManyPixels = errors.New("more pixels")

// Header is what an image file says before its pixels.
type Header struct {
	Format      string      // as image.Decode names it, or tiff
	size        image.Point // as stored, before it is turned
	Deep        bool        // 16-bit samples
	orientation int         // EXIF's
	Pages       int         // of a TIFF file; the first is read
	tiff        *tiffPicture
}

// Shown is the picture's width and height once it is turned.
func (h Header) Shown(orientation int) image.Point {
	if orientation > 4 {
		return image.Pt(h.size.Y, h.size.X)
	}
	return h.size
}

// Facing is the orientation that the picture is turned by: the one that EXIF says or, without, upright. Pillow turns TIFF
// files, and no others, when it opens them.
func (h Header) Facing(exif bool) int {
	if !exif && h.tiff == nil {
		return 1
	}
	return h.orientation
}

// DecodeFile reads one picture as it is stored. Grey in any form gives one channel. Colour is RGB: the alpha channel is
// dropped, not blended.
func DecodeFile(path string) (pic Raster, head Header, err error) {
	err = WithFile(path, func(f *os.File) error {
		if head, err = ReadHeader(f); err != nil {
			return err
		}
		pic, err = head.decode(f)
		return err
	})
	return pic, head, err
}

// DecodeBytes is DecodeFile of a file's content. One of more than most pixels is refused by its header.
func DecodeBytes(content []byte, most int) (pic Raster, head Header, err error) {
	if len(content) == 0 {
		return pic, head, ErrEmptyFile
	}
	r := bytes.NewReader(content)
	if head, err = headerOf(r, r.Size()); err != nil {
		return pic, head, err
	}
	if head.size.X > most/max(1, head.size.Y) {
		return pic, head, fmt.Errorf("%d×%d: %w than %d", head.size.X, head.size.Y, ErrTooManyPixels, most)
	}
	pic, err = head.decode(r)
	return pic, head, err
}

// decode reads the picture behind the header.
func (h Header) decode(f io.ReaderAt) (Raster, error) {
	if h.tiff != nil {
		return h.tiff.decodeSafely()
	}
	img, format, err := decodeSafely(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return Raster{}, err
	}
	return toRaster(img, format), nil
}

// DecodeWithAlpha reads the picture and its alpha channel, which has no samples where there is none.
func (h Header) DecodeWithAlpha(f io.ReaderAt) (pic, alpha Raster, err error) {
	if h.tiff != nil {
		pic, err = h.tiff.decodeSafely()
		return pic, Raster{}, err
	}
	img, format, err := decodeSafely(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return Raster{}, Raster{}, err
	}
	return toRaster(img, format), alphaOf(img), nil
}

// FileHeader reads the header only.
func FileHeader(path string) (head Header, err error) {
	err = WithFile(path, func(f *os.File) error {
		head, err = ReadHeader(f)
		return err
	})
	return head, err
}

// WithFile opens path for read and says in any error which file it was.
func WithFile(path string, read func(*os.File) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err // names the file already
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return fmt.Errorf("%s: no regular file (%s); opening it might wait for ever", Printable(path), info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", Printable(path), err)
	}
	return nil
}

func ReadHeader(f *os.File) (Header, error) {
	info, err := f.Stat()
	if err != nil {
		return Header{}, err
	}
	if info.IsDir() {
		return Header{}, errors.New("a folder, not an image")
	}
	if info.Size() == 0 {
		return Header{}, ErrEmptyFile
	}
	return headerOf(f, info.Size())
}

// headerOf reads the header of an image of size bytes, and refuses one that claims more than the bytes can hold.
func headerOf(f io.ReaderAt, size int64) (Header, error) {
	start := make([]byte, 32)
	n, err := f.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return Header{}, err
	}
	start = start[:n]
	if isTIFF(start) {
		return tiffHeader(f, size)
	}
	config, format, err := decodeConfigSafely(io.NewSectionReader(f, 0, size))
	if errors.Is(err, image.ErrFormat) {
		if name := otherFormat(start); name != "" {
			return Header{}, fmt.Errorf("%s, which is not read: %w", name, err)
		}
	}
	if err != nil {
		return Header{}, err
	}
	head := Header{Format: format, size: image.Pt(config.Width, config.Height), Pages: 1}
	head.Deep = config.ColorModel == color.Gray16Model || config.ColorModel == color.NRGBA64Model || config.ColorModel == color.RGBA64Model
	if err := checkSize(config.Width, config.Height); err != nil {
		return Header{}, err
	}
	if err := checkClaim(f, size, format, start, head.size); err != nil {
		return Header{}, err
	}
	head.orientation = orientationOf(f, size, format)
	return head, nil
}

func isTIFF(start []byte) bool {
	for _, magic := range []string{"II*\x00", "MM\x00*", "II+\x00", "MM\x00+"} {
		if bytes.HasPrefix(start, []byte(magic)) {
			return true
		}
	}
	return false
}

func tiffHeader(f io.ReaderAt, size int64) (Header, error) {
	t, err := openTIFF(f, size)
	if err != nil {
		return Header{}, err
	}
	return Header{"tiff", image.Pt(t.w, t.h), t.bits == 16, validOrientation(t.directory), t.pages(maxPages), t}, nil
}

// maxPages is where counting the pages of a TIFF file ends.
const maxPages = 10_000

// otherFormat names a format that is common but not read.
func otherFormat(start []byte) string {
	for _, known := range []struct {
		at          int
		magic, name string
	}{
		{0, "GIF8", "a GIF image"}, {4, "ftyp", "a HEIF, AVIF or video file"}, {4, "jP  \r\n", "a JPEG 2000 image"},
		{4, "JXL \r\n", "a JPEG XL image"}, {0, "\xff\x0a", "a JPEG XL image"}, {0, "%PDF", "a PDF document"},
		{0, "\x93NUMPY", "a NumPy array"}, {0, "\x76\x2f\x31\x01", "an OpenEXR image"}, {0, "8BPS", "a Photoshop document"},
	} {
		if known.at <= len(start) && bytes.HasPrefix(start[known.at:], []byte(known.magic)) {
			return known.name
		}
	}
	return ""
}

func checkSize(w, h int) error {
	if w < 1 || h < 1 {
		return fmt.Errorf("an image of %d×%d pixels", w, h)
	}
	if int64(w)*int64(h) > MaxPixels {
		return fmt.Errorf("an image of %d×%d pixels: %w", w, h, ErrTooLarge)
	}
	return nil
}

// checkClaim refuses a picture that cannot lie in so small a file, since the decoders make room for it first. Zlib unfolds
// a byte to at most 1032; a JPEG spends at least a bit on each block of 64 pixels; a BMP is not compressed.
func checkClaim(f io.ReaderAt, size int64, format string, start []byte, pic image.Point) error {
	bits, most := int64(1), size
	switch {
	case format == "png" && len(start) > 25:
		bits, most = pngBits(start[24], start[25]), 1040*size
	case format == "jpeg":
		bits, most = 8, 1024*size
	case format == "bmp" && len(start) > 29:
		bits = int64(binary.LittleEndian.Uint16(start[28:]))
	case format == "webp":
		return checkWebP(f, size, pic)
	default:
		return nil
	}
	if needed := int64(pic.Y) * (int64(pic.X)*bits + 7) / 8; needed > most+64 {
		return fmt.Errorf("truncated image: %d bytes are too few for %d×%d pixels: %w", size, pic.X, pic.Y, io.ErrUnexpectedEOF)
	}
	if format == "jpeg" {
		return checkScans(io.NewSectionReader(f, 0, size))
	}
	return nil
}

// pngBits is the bits of a pixel by IHDR's depth and colour type.
func pngBits(depth, colour byte) int64 {
	samples := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
	return max(samples, 1) * int64(depth)
}

// maxScans is how often a progressive JPEG may refine the whole picture. Encoders use about ten; each costs a pass over
// all pixels and may take ten bytes of the file.
const maxScans = 500

// checkScans counts the starts of scans, FF DA, which compressed data never contain.
func checkScans(r io.Reader) error {
	const chunk = 1 << 16
	buf, scans, kept := make([]byte, chunk), 0, 0
	for {
		n, err := r.Read(buf[kept:])
		if scans += bytes.Count(buf[:kept+n], []byte{0xFF, 0xDA}); scans > maxScans {
			return fmt.Errorf("a JPEG of more than %d scans", maxScans)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if last := kept + n - 1; last >= 0 && buf[last] == 0xFF { // the marker may go on in the next chunk
			buf[0], kept = 0xFF, 1
		} else {
			kept = 0
		}
	}
}

// The decoders are not ours: a panic of theirs on a broken file is that file's error.
func decodeSafely(r io.Reader) (img image.Image, format string, err error) {
	defer recoverDecoder(&err)
	img, format, err = image.Decode(bufio.NewReader(r))
	return img, format, explain(err)
}

func decodeConfigSafely(r io.Reader) (config image.Config, format string, err error) {
	defer recoverDecoder(&err)
	config, format, err = image.DecodeConfig(bufio.NewReader(r))
	return config, format, explain(err)
}

func (t *tiffPicture) decodeSafely() (pic Raster, err error) {
	defer recoverDecoder(&err)
	pic, err = t.decode()
	return pic, explain(err)
}

func recoverDecoder(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("broken image: the decoder stopped with %v", p)
	}
}

// explain puts the decoders' terse errors into words.
func explain(err error) error {
	switch {
	case errors.Is(err, image.ErrFormat):
		return fmt.Errorf("not a JPEG, PNG, BMP, TIFF or WebP image: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, png.FormatError("not enough pixel data")):
		return fmt.Errorf("truncated image: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return fmt.Errorf("broken image: %w", err)
	}
	return nil
}
