package picture

import (
	"bufio"
	"cmp"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff/lzw"
)

// TIFF files are read here, upon the libraries' decompressors, since industrial cameras and microscopes write what the
// library's reader refuses or scrambles: tiles that reach over the border, separate colour planes, 10- and 12-bit samples,
// BigTIFF. What is still refused is named. Rows are decompressed one by one, so that no more than the picture is allocated.

// The tags that are read; names as in TIFF 6.0.
const (
	tagWidth, tagHeight, tagBits, tagCompression        = 256, 257, 258, 259
	tagPhotometric, tagFillOrder                        = 262, 266
	tagStripOffsets, tagOrientation, tagSamples         = 273, 274, 277
	tagRowsPerStrip, tagStripCounts, tagPlanar          = 278, 279, 284
	tagPredictor, tagColorMap, tagTileWidth             = 317, 320, 322
	tagTileHeight, tagTileOffsets, tagTileCounts        = 323, 324, 325
	tagExtraSamples, tagSampleFormat                    = 338, 339
	photoWhiteIsZero, photoGrey, photoRGB, photoPalette = 0, 1, 2, 3
)

// compressions are the schemes that are read, with the most that one byte can unfold to, or 0 where there is no limit.
var compressions = map[uint64]uint64{1: 1, 3: 0, 4: 0, 5: 2731, 8: 1040, 32773: 64, 32946: 1040}

var (
	refusedCompressions = map[uint64]string{2: "CCITT RLE", 6: "old JPEG", 7: "JPEG", 34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL"}
	refusedPhotometrics = map[uint64]string{4: "transparency masks", 5: "CMYK inks", 6: "YCbCr colours", 8: "CIE L*a*b* colours", 9: "ICC L*a*b* colours", 10: "ITU L*a*b* colours", 32803: "a raw colour filter array", 34892: "linear raw colours"}
)

// tiffPicture is the first page of a TIFF file.
type tiffPicture struct {
	*directory

	w, h, bits, samples  int
	photometric, packing uint64
	tiled, planar        bool
	blockW, blockH       int      // of a tile or strip
	across, down         int      // how many there are
	offsets, counts      []uint64 // of the strips or tiles, plane by plane
	predicted            bool
	palette              []uint64 // red, green and blue of each index, in three tables of 16 bits
}

// openTIFF reads the header and makes sure that the page can be decoded and is no larger than its file can hold.
func openTIFF(f io.ReaderAt, size int64) (*tiffPicture, error) {
	dir, err := readDirectory(f, size)
	if err != nil {
		return nil, fmt.Errorf("TIFF: %w", err)
	}
	t := &tiffPicture{directory: dir, predicted: dir.first(tagPredictor, 1) == 2}
	t.photometric, t.packing = dir.first(tagPhotometric, photoGrey), dir.first(tagCompression, 1)
	t.planar = dir.first(tagPlanar, 1) == 2
	w, h := dir.first(tagWidth, 0), dir.first(tagHeight, 0)
	bits, samples := dir.first(tagBits, 1), dir.first(tagSamples, 1)
	if w > MaxPixels || h > MaxPixels {
		return nil, fmt.Errorf("an image of %d×%d pixels: %w", w, h, ErrTooLarge)
	}
	if err := checkSize(int(w), int(h)); err != nil {
		return nil, err
	}
	t.w, t.h, t.bits, t.samples = int(w), int(h), int(min(bits, 1<<10)), int(min(samples, 1<<10))
	if err := t.refuse(); err != nil && dir.err == nil {
		return nil, fmt.Errorf("TIFF of %w, which is not read", err)
	}
	if err := t.layOut(); dir.err != nil || err != nil {
		return nil, fmt.Errorf("TIFF: %w", cmp.Or(dir.err, err))
	}
	return t, nil
}

// refuse names what this reader does not decode.
func (t *tiffPicture) refuse() error {
	if name, ok := refusedPhotometrics[t.photometric]; ok {
		return errors.New(name)
	}
	if name, ok := refusedCompressions[t.packing]; ok {
		return fmt.Errorf("%s compression", name)
	}
	if _, ok := compressions[t.packing]; !ok {
		return fmt.Errorf("compression number %d", t.packing)
	}
	format := t.first(tagSampleFormat, 1)
	bits := t.numbers(tagBits, t.samples)
	switch {
	case format == 3:
		return fmt.Errorf("%d-bit floating-point samples, whose range nothing tells", t.bits)
	case format == 2:
		return fmt.Errorf("%d-bit signed samples", t.bits)
	case format != 1 && format != 4:
		return fmt.Errorf("sample format number %d", format)
	case slices.ContainsFunc(bits, func(b uint64) bool { return b != bits[0] }):
		return fmt.Errorf("samples of different lengths %v", bits)
	case !slices.Contains([]int{1, 2, 4, 8, 10, 12, 14, 16}, t.bits):
		return fmt.Errorf("%d-bit samples", t.bits)
	case t.photometric > photoPalette:
		return fmt.Errorf("photometric interpretation number %d", t.photometric)
	case t.photometric == photoWhiteIsZero && t.bits == 16:
		return errors.New("16-bit samples that count from white")
	}
	return t.refuseLayout()
}

func (t *tiffPicture) refuseLayout() error {
	predictor := t.first(tagPredictor, 1)
	if t.photometric == photoPalette && t.bits <= 8 {
		t.palette = t.numbers(tagColorMap, 3<<t.bits)
	}
	switch {
	case t.photometric == photoPalette && (t.bits > 8 || len(t.palette) < 3<<t.bits):
		return fmt.Errorf("%d-bit palette indices with %d palette values", t.bits, t.count(tagColorMap))
	case t.photometric == photoRGB && (t.samples < 3 || t.samples > 8), t.samples < 1 || t.samples > 8:
		return fmt.Errorf("%d samples a pixel", t.samples)
	case predictor == 2 && t.bits != 8 && t.bits != 16, predictor > 2:
		return fmt.Errorf("predictor number %d with %d-bit samples", predictor, t.bits)
	case t.first(tagFillOrder, 1) == 2 && !t.fax():
		return errors.New("bits in reversed order")
	case t.fax() && (t.bits != 1 || t.samples != 1):
		return fmt.Errorf("fax compression of %d samples of %d bits", t.samples, t.bits)
	}
	return nil
}

// fax tells whether the compression is CCITT's, of one-bit pictures.
func (t *tiffPicture) fax() bool { return t.packing == 3 || t.packing == 4 }

// layOut finds the strips or tiles and makes sure that the file can hold them.
func (t *tiffPicture) layOut() error {
	offsets, counts := uint16(tagStripOffsets), uint16(tagStripCounts)
	blockW, blockH := uint64(t.w), min(t.first(tagRowsPerStrip, uint64(t.h)), uint64(t.h))
	if t.tiled = t.count(tagTileWidth) > 0; t.tiled {
		offsets, counts = tagTileOffsets, tagTileCounts
		blockW, blockH = t.first(tagTileWidth, 0), t.first(tagTileHeight, 0)
		if most := max(4096, 2*uint64(max(t.w, t.h))); blockW > most || blockH > most || blockW < 8 || blockH < 8 {
			return fmt.Errorf("tiles of %d×%d pixels in a picture of %d×%d", blockW, blockH, t.w, t.h)
		}
	}
	if blockH < 1 {
		return errors.New("strips of no row")
	}
	t.blockW, t.blockH = int(blockW), int(blockH)
	t.across, t.down = (t.w+t.blockW-1)/t.blockW, (t.h+t.blockH-1)/t.blockH
	blocks := t.across * t.down * t.planes()
	t.offsets, t.counts = t.numbers(offsets, blocks), t.numbers(counts, blocks)
	if blocks == 1 && t.packing == 1 && len(t.offsets) == 1 && t.count(counts) == 0 {
		t.counts = []uint64{t.size - min(t.size, t.offsets[0])} // some writers leave it out
	}
	if len(t.offsets) < blocks || len(t.counts) < blocks {
		return fmt.Errorf("%d offsets and %d lengths for %d strips or tiles", len(t.offsets), len(t.counts), blocks)
	}
	return t.bound(blocks)
}

// bound refuses a picture whose data cannot lie in the file.
func (t *tiffPicture) bound(blocks int) error {
	var stored uint64
	for i := range blocks {
		if t.offsets[i] > t.size || t.counts[i] > t.size-t.offsets[i] {
			return fmt.Errorf("strip or tile %d: %d bytes at %d of a file of %d: %w", i, t.counts[i], t.offsets[i], t.size, io.ErrUnexpectedEOF)
		}
		stored += t.counts[i]
	}
	ratio := compressions[t.packing]
	if needed := uint64(t.h) * uint64(t.rowBytes(t.w)) * uint64(t.planes()); ratio > 0 && needed > ratio*min(stored, 1<<40)+64 {
		return fmt.Errorf("%d bytes are too few for %d×%d pixels: %w", stored, t.w, t.h, io.ErrUnexpectedEOF)
	}
	return nil
}

// planes is the number of planes that are stored apart.
func (t *tiffPicture) planes() int {
	if t.planar {
		return t.samples
	}
	return 1
}

// perRow is the samples of a pixel that lie together.
func (t *tiffPicture) perRow() int { return t.samples / t.planes() }

// rowBytes is the length of a row of w pixels.
func (t *tiffPicture) rowBytes(w int) int { return (w*t.perRow()*t.bits + 7) / 8 }

// keptSamples is how many samples of each pixel are of use: the colours, and an alpha that was multiplied into them.
func (t *tiffPicture) keptSamples() int {
	switch {
	case t.photometric != photoRGB:
		return 1
	case t.premultiplied():
		return 4
	}
	return 3
}

func (t *tiffPicture) premultiplied() bool {
	return t.photometric == photoRGB && t.samples > 3 && t.first(tagExtraSamples, 0) == 1
}

// decode reads the page's pixels.
func (t *tiffPicture) decode() (Raster, error) {
	pic := Raster{W: t.w, H: t.h, Ch: t.keptSamples()}
	if n := t.w * t.h * pic.Ch; t.bits == 16 {
		pic.Deep = make([]uint16, n)
	} else {
		pic.Pix = make([]uint8, n)
	}
	row := make([]uint16, t.blockW*t.perRow())
	raw := make([]byte, t.rowBytes(t.blockW))
	for plane := range t.planes() {
		if plane >= pic.Ch && t.planar {
			break
		}
		for i := range t.across * t.down {
			if err := t.decodeBlock(pic, plane, i, raw, row); err != nil {
				return Raster{}, fmt.Errorf("TIFF, strip or tile %d: %w", i, err)
			}
		}
	}
	return t.finish(pic), nil
}

// decodeBlock reads strip or tile i of a plane into its place. raw and row are room for one of its rows.
func (t *tiffPicture) decodeBlock(pic Raster, plane, i int, raw []byte, row []uint16) error {
	r, err := t.unpacked(plane*t.across*t.down + i)
	if err != nil {
		return err
	}
	defer r.Close()
	left, top := i%t.across*t.blockW, i/t.across*t.blockH
	for y := top; y < min(top+t.blockH, t.h); y++ {
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		t.samplesOf(raw, row)
		t.place(pic, plane, left, y, row)
	}
	if t.packing == 8 || t.packing == 32946 {
		return t.drain(r)
	}
	return nil
}

// drain reads up to the end, where zlib's checksum is compared: a tile goes on below the border.
func (t *tiffPicture) drain(r io.Reader) error {
	most := int64(t.rowBytes(t.blockW)) * int64(t.blockH)
	n, err := io.Copy(io.Discard, io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = errors.New("more data than pixels")
	}
	return err
}

// unpacked gives the decompressed bytes of a block.
func (t *tiffPicture) unpacked(block int) (io.ReadCloser, error) {
	packed := bufio.NewReader(io.NewSectionReader(t.in, int64(t.offsets[block]), int64(t.counts[block])))
	switch t.packing {
	case 3, 4:
		order, form := ccitt.MSB, ccitt.Group3
		if t.first(tagFillOrder, 1) == 2 {
			order = ccitt.LSB
		}
		if t.packing == 4 {
			form = ccitt.Group4
		}
		rows := t.blockH
		if !t.tiled {
			rows = min(t.blockH, t.h-block*t.blockH)
		}
		return io.NopCloser(ccitt.NewReader(packed, order, form, t.blockW, rows, &ccitt.Options{Invert: true})), nil
	case 5:
		return lzw.NewReader(packed, lzw.MSB, 8), nil
	case 8, 32946:
		return zlib.NewReader(packed)
	case 32773:
		return io.NopCloser(&packBits{in: packed}), nil
	}
	return io.NopCloser(packed), nil
}

// samplesOf takes a row's samples out of their bytes and undoes the prediction from the pixel before.
func (t *tiffPicture) samplesOf(raw []byte, row []uint16) {
	switch t.bits {
	case 8:
		for i := range row {
			row[i] = uint16(raw[i])
		}
	case 16:
		for i := range row {
			row[i] = t.order.Uint16(raw[2*i:])
		}
	default:
		held, n := uint32(0), 0
		for i := range row {
			for n < t.bits {
				held, n, raw = held<<8|uint32(raw[0]), n+8, raw[1:]
			}
			n -= t.bits
			row[i] = uint16(held>>n) & (1<<t.bits - 1)
		}
	}
	if t.predicted && t.packing != 1 {
		mask := uint16(1<<t.bits - 1)
		for i := t.perRow(); i < len(row); i++ {
			row[i] = (row[i] + row[i-t.perRow()]) & mask
		}
	}
}

// place puts a row of a block, which may reach over the border, into the picture.
func (t *tiffPicture) place(pic Raster, plane, left, y int, row []uint16) {
	from, to := t.perRow(), pic.Ch
	count, first := min(from, to), plane
	for x := range min(t.blockW, t.w-left) {
		at := (y*t.w+left+x)*to + first
		for s := range count {
			if pic.Deep != nil {
				pic.Deep[at+s] = row[x*from+s]
			} else {
				pic.Pix[at+s] = t.level(row[x*from+s])
			}
		}
	}
}

// level is a sample of at most 14 bits as one of 8 bits; a palette's index stays as it is.
func (t *tiffPicture) level(v uint16) uint8 {
	switch {
	case t.photometric == photoPalette:
		return uint8(v)
	case t.bits < 8:
		v = v * 255 / (1<<t.bits - 1)
	default:
		v >>= t.bits - 8
	}
	if t.photometric == photoWhiteIsZero {
		v = 255 - v
	}
	return uint8(v)
}

// finish looks colours up, divides alpha out and brings a grey picture to one channel.
func (t *tiffPicture) finish(pic Raster) Raster {
	if t.photometric == photoPalette {
		return t.lookUp(pic).Compact()
	}
	if t.premultiplied() {
		pic = pic.divided()
	}
	if pic.Ch == 3 {
		return pic.Compact()
	}
	return pic
}

// lookUp replaces indices by their colours, whose red, green and blue values lie in three tables of 16 bits.
func (t *tiffPicture) lookUp(pic Raster) Raster {
	n := len(t.palette) / 3
	out := New(pic.W, pic.H, 3)
	for i, index := range pic.Pix {
		for c := range 3 {
			out.Pix[3*i+c] = uint8(t.palette[c*n+int(index)] >> 8)
		}
	}
	return out
}

// divided is R,G,B from R·A,G·A,B·A,A.
func (r Raster) divided() Raster {
	out := Raster{W: r.W, H: r.H, Ch: 3}
	if r.Deep != nil {
		out.Deep = divideAlpha(r.Deep, 1<<16-1)
	} else {
		out.Pix = divideAlpha(r.Pix, 1<<8-1)
	}
	return out
}

func divideAlpha[T uint8 | uint16](pix []T, full uint32) []T {
	out := make([]T, 0, len(pix)/4*3)
	for i := 0; i+4 <= len(pix); i += 4 {
		for _, v := range pix[i : i+3] {
			if a := uint32(pix[i+3]); a > 0 {
				v = T(min(uint32(v)*full/a, full))
			}
			out = append(out, v)
		}
	}
	return out
}

// packBits undoes Apple's run-length coding: a length n ≥ 0 stands before n+1 bytes, n < 0 before a byte that is repeated
// 1−n times, and −128 means nothing.
type packBits struct {
	in      io.ByteReader
	run     int // bytes to come
	literal bool
	value   byte
}

func (p *packBits) Read(out []byte) (n int, err error) {
	for ; n < len(out); n++ {
		for p.run == 0 {
			if err := p.start(); err != nil {
				return n, err
			}
		}
		p.run--
		if p.literal {
			if p.value, err = p.in.ReadByte(); err != nil {
				return n, err
			}
		}
		out[n] = p.value
	}
	return n, nil
}

// start reads the head of the next run.
func (p *packBits) start() error {
	b, err := p.in.ReadByte()
	if err != nil {
		return err
	}
	switch length := int(int8(b)); {
	case length >= 0:
		p.run, p.literal = length+1, true
	case length > -128:
		p.run, p.literal = 1-length, false
		p.value, err = p.in.ReadByte()
	}
	return err
}
