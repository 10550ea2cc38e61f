package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// tiffTag is an entry of a TIFF directory for the tests: a tag and its numbers, LONG each.
type tiffTag struct {
	tag    uint16
	values []uint32
}

// tiffBytes is a little-endian TIFF file: the tags, then data, whose offset stands wherever a value is dataHere.
func tiffBytes(data []byte, tags ...tiffTag) []byte {
	const head = 8
	extra := head + 2 + 12*len(tags) + 4
	var directory, arrays []byte
	room := 0
	for _, t := range tags {
		if len(t.values) > 1 {
			room += 4 * len(t.values)
		}
	}
	number := func(v uint32) uint32 {
		if v == dataHere {
			return uint32(extra + room)
		}
		return v
	}
	directory = binary.LittleEndian.AppendUint16(directory, uint16(len(tags)))
	for _, t := range tags {
		directory = binary.LittleEndian.AppendUint16(directory, t.tag)
		directory = binary.LittleEndian.AppendUint16(directory, 4)
		directory = binary.LittleEndian.AppendUint32(directory, uint32(len(t.values)))
		if len(t.values) == 1 {
			directory = binary.LittleEndian.AppendUint32(directory, number(t.values[0]))
			continue
		}
		directory = binary.LittleEndian.AppendUint32(directory, uint32(extra+len(arrays)))
		for _, v := range t.values {
			arrays = binary.LittleEndian.AppendUint32(arrays, number(v))
		}
	}
	file := append([]byte("II*\x00\x08\x00\x00\x00"), directory...)
	file = append(file, 0, 0, 0, 0)
	return append(append(file, arrays...), data...)
}

const dataHere = 0xDDDDDDDD

func one(tag uint16, v uint32) tiffTag { return tiffTag{tag, []uint32{v}} }

// greyTIFF is an 8-bit picture of 4×4 with some tags added or replaced.
func greyTIFF(changes ...tiffTag) []byte {
	tags := []tiffTag{
		one(tagWidth, 4), one(tagHeight, 4), one(tagBits, 8), one(tagCompression, 1), one(tagPhotometric, 1),
		one(tagStripOffsets, dataHere), one(tagSamples, 1), one(tagRowsPerStrip, 4), one(tagStripCounts, 16),
	}
	for _, c := range changes {
		if i := slices.IndexFunc(tags, func(t tiffTag) bool { return t.tag == c.tag }); i >= 0 {
			tags[i] = c
		} else {
			tags = append(tags, c)
		}
	}
	slices.SortFunc(tags, func(a, b tiffTag) int { return int(a.tag) - int(b.tag) })
	return tiffBytes(bytes.Repeat([]byte{7}, 16), tags...)
}

func TestGreyTIFFIsSound(t *testing.T) {
	pic, err := decodeBytes(greyTIFF())
	if err != nil || pic.W != 4 || pic.H != 4 || pic.Pix[15] != 7 {
		t.Fatalf("%+v, %v", pic, err)
	}
}

func TestOtherFormsAreRefusedByName(t *testing.T) {
	for name, data := range map[string][]byte{
		"32-bit floating-point":         greyTIFF(one(tagBits, 32), one(tagSampleFormat, 3)),
		"16-bit signed":                 greyTIFF(one(tagBits, 16), one(tagSampleFormat, 2)),
		"TIFF of 32-bit samples":        greyTIFF(one(tagBits, 32)),
		"JPEG compression":              greyTIFF(one(tagCompression, 7)),
		"Zstandard compression":         greyTIFF(one(tagCompression, 50000)),
		"compression number 99":         greyTIFF(one(tagCompression, 99)),
		"CMYK":                          greyTIFF(one(tagPhotometric, 5), one(tagSamples, 4)),
		"YCbCr":                         greyTIFF(one(tagPhotometric, 6), one(tagSamples, 3)),
		"samples of different lengths":  greyTIFF(one(tagPhotometric, 2), one(tagSamples, 3), tiffTag{tagBits, []uint32{5, 6, 5}}),
		"count from white":              greyTIFF(one(tagBits, 16), one(tagPhotometric, 0)),
		"predictor number 3":            greyTIFF(one(tagPredictor, 3)),
		"reversed order":                greyTIFF(one(tagFillOrder, 2)),
		"8-bit palette indices with 0":  greyTIFF(one(tagPhotometric, 3)),
		"a GIF image":                   []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		"a HEIF, AVIF or video file":    []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
		"not a JPEG, PNG, BMP, TIFF or": []byte("hello, world, this is text"),
	} {
		_, err := decodeBytes(data)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error that says %q, got %v", name, err)
		}
	}
}

// hostile are small files that claim much.
func hostile() map[string][]byte {
	claim := func(kind string, w, h uint32) []byte { // a PNG's header without pixels
		chunk := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
		chunk = append(chunk, kind...)
		head := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
		return binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(chunk))
	}
	bmp := make([]byte, 54)
	copy(bmp, "BM")
	for at, v := range map[int]uint32{10: 54, 14: 40, 18: 10000, 22: 10000, 26: 1 | 24<<16} {
		binary.LittleEndian.PutUint32(bmp[at:], v)
	}
	jpeg, _ := os.ReadFile("testdata/formats/444.jpg")
	jpeg = bytes.Clone(jpeg)
	if at := bytes.Index(jpeg, []byte{0xFF, 0xC0}); at > 0 {
		copy(jpeg[at+5:], []byte{0x27, 0x10, 0x27, 0x10})
	}
	progressive, _ := os.ReadFile("testdata/formats/progressive.jpg")
	end := bytes.LastIndex(progressive, []byte{0xFF, 0xD9})
	scan := progressive[bytes.LastIndex(progressive, []byte{0xFF, 0xDA}):end]
	scans := append(bytes.Clone(progressive[:end]), bytes.Repeat(scan, 600)...)
	side := uint32(9999)
	webp, _ := os.ReadFile("testdata/formats/alpha.webp") // RIFF, VP8X, ALPH, VP8
	large, long := bytes.Clone(webp), bytes.Clone(webp)
	lossy, _ := os.ReadFile("testdata/formats/lossy.webp") // RIFF, VP8
	lossy = bytes.Clone(lossy)
	copy(lossy[26:], "\xff\x1f\xff\x1f") // 8191×8191
	if at := bytes.Index(webp, []byte("VP8 ")); at > 0 {
		copy(large[at+14:], "\x00\x3f\x00\x3f")
		copy(long[at+4:], "\xff\xff\xff\x7f")
		copy(long[4:], "\xff\xff\xff\x7f")
	}
	return map[string][]byte{
		"strip far outside":      greyTIFF(one(tagWidth, 64), one(tagHeight, 64), one(tagStripOffsets, 0xFFFFFFF0), one(tagStripCounts, 4096)),
		"strip of 2 GB":          greyTIFF(one(tagStripCounts, 1<<31)),
		"compressed strip of 2G": greyTIFF(one(tagCompression, 8), one(tagStripCounts, 1<<31)),
		"large and empty":        greyTIFF(one(tagWidth, side), one(tagHeight, side), one(tagRowsPerStrip, side)),
		"large and deflated":     greyTIFF(one(tagWidth, side), one(tagHeight, side), one(tagRowsPerStrip, side), one(tagCompression, 8)),
		"enormous tiles":         greyTIFF(one(tagTileWidth, 1<<30), one(tagTileHeight, 1<<30), one(tagTileOffsets, dataHere), one(tagTileCounts, 16)),
		"a row a strip":          greyTIFF(one(tagHeight, 90_000_000), one(tagWidth, 1), one(tagRowsPerStrip, 1)),
		"many numbers":           greyTIFF(tiffTag{tagBits, make([]uint32, 1<<16)}),
		"png":                    claim("\x08\x02\x00\x00\x00", side, side),
		"deep png":               claim("\x10\x06\x00\x00\x00", side, side),
		"interlaced png":         claim("\x08\x06\x00\x00\x01", side, side),
		"bmp":                    bmp,
		"jpeg":                   jpeg,
		"many scans":             scans,
		"webp beyond its canvas": large,
		"webp of a long chunk":   long,
		"webp of few bytes":      lossy,
		"webp of many codes":     manyCodes(0),
		"webp of many full ones": manyCodes(200_000),
	}
}

// manyCodes is a lossless WebP file of 16×16 pixels that names 65,536 groups of prefix codes, with so many bytes after them that
// could be theirs.
func manyCodes(bytes int) []byte {
	var bits []byte
	at := 0
	write := func(v, n int) {
		for i := range n {
			if at>>3 == len(bits) {
				bits = append(bits, 0)
			}
			bits[at>>3] |= byte(v>>i&1) << (at & 7)
			at++
		}
	}
	write(0x2f, 8)
	write(15, 14)
	write(15, 14)
	write(0, 1+3+1+1) // alpha, version, no transform, no cache
	write(1, 1)       // groups by tiles
	write(2, 3)       // of 16 pixels: one
	write(0, 1)       // no cache
	for _, symbol := range []int{255, 255, 0, 0, 0} {
		write(1|1<<2, 3) // a code of one symbol, of eight bits
		write(symbol, 8)
	}
	for range bytes * 8 / 20 { // groups of the shortest codes
		for range 5 {
			write(1, 4)
		}
	}
	chunk := append([]byte("VP8L"), binary.LittleEndian.AppendUint32(nil, uint32(len(bits)))...)
	chunk = append(chunk, bits...)
	if len(bits)%2 == 1 {
		chunk = append(chunk, 0)
	}
	file := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(4+len(chunk)))...)
	return append(append(file, "WEBP"...), chunk...)
}

// TestPrefixCodesTakeTheRoomThatIsCounted: what is counted of a lossless picture's codes is what the library takes, neither
// refusing what encoders write nor missing what takes more.
func TestPrefixCodesTakeTheRoomThatIsCounted(t *testing.T) {
	data, err := os.ReadFile("testdata/formats/rgb.webp") // RIFF, VP8L
	if err != nil {
		t.Fatal(err)
	}
	head, err := headerOf(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("VP8L"))
	b := &bitReader{data: data[at+8+losslessHeader:]}
	room, groups, err := b.picture(head.size)
	if err != nil || groups < 1 || room < 5*codeRoom || room > prefixRoom(head.size)/4 {
		t.Errorf("%d groups, %d bytes: %v", groups, room, err)
	}
	if _, err := decodeBytes(manyCodes(200_000)); err == nil || !strings.Contains(err.Error(), "65536 groups of prefix codes") {
		t.Errorf("error %v", err)
	}
}

// allocated is what a call allocates altogether.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// room is what decoding may allocate altogether: four times the picture at four samples a pixel, and the decoders' tables.
func room(head Header, size int) uint64 {
	bytes := uint64(1)
	if head.Deep {
		bytes = 2
	}
	return 4*4*bytes*uint64(head.size.X)*uint64(head.size.Y) + 4<<20 + 4*uint64(size)
}

func TestHostileClaimsAreRefusedBeforeMemoryIsSpent(t *testing.T) {
	for name, data := range hostile() {
		var err error
		spent := allocated(func() { _, err = decodeBytes(data) })
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if spent > 1<<20 {
			t.Errorf("%s: %d bytes of memory for a file of %d (%v)", name, spent, len(data), err)
		}
	}
}

// A picture that is what it says takes no more than its room either, in whatever form.
func TestDecodingStaysInItsRoom(t *testing.T) {
	files, err := filepath.Glob("testdata/formats/*")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkRoom(t, file, data)
	}
}

func checkRoom(t *testing.T, name string, data []byte) {
	t.Helper()
	head, err := headerOf(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	spent := allocated(func() { _, err = head.decode(bytes.NewReader(data)) })
	if allowed := room(head, len(data)); spent > allowed {
		t.Errorf("%s: %d bytes of memory for %v pixels in a file of %d, %d allowed (%v)", name, spent, head.size, len(data), allowed, err)
	}
}

// checked are the formats whose pixels stand under a checksum.
var checked = []string{"grey.png", "rgba.png", "palette.png", "deep.png", "deflate.tif", "tiled-deep.tif"}

// A flipped byte is an error or another picture, never a panic or a hang; where a checksum guards the pixels, it is an error
// unless the picture is the same.
func TestFlippedBytes(t *testing.T) {
	files, _ := filepath.Glob("testdata/formats/*")
	random := rand.New(rand.NewPCG(1, 2))
	for _, file := range files {
		if strings.Contains(file, "/turned") && !strings.Contains(file, "turned6") {
			continue // these differ in one byte
		}
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeBytes(whole)
		if err != nil {
			t.Fatal(err)
		}
		guarded := slices.Contains(checked, filepath.Base(file))
		for range 300 {
			data := bytes.Clone(whole)
			at, by := random.IntN(len(data)), byte(1+random.IntN(255))
			data[at] ^= by
			begun := time.Now()
			checkRoom(t, file, data)
			got, err := decodeBytes(data)
			if d := time.Since(begun); d > 20*time.Second {
				t.Errorf("%s: byte %d changed by %#x: decoding took %v", file, at, by, d)
			}
			pixels := !strings.HasSuffix(file, ".tif") || inPixels(whole, at)
			if guarded && pixels && err == nil && !(slices.Equal(got.Pix, want.Pix) && slices.Equal(got.Deep, want.Deep)) {
				t.Errorf("%s: byte %d changed by %#x: another picture and no error", file, at, by)
			}
		}
	}
}

// inPixels tells whether a byte of a TIFF file lies in its strips or tiles; its directory has no checksum.
func inPixels(data []byte, at int) bool {
	p, err := openTIFF(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	for i, offset := range p.offsets {
		if uint64(at) >= offset && uint64(at) < offset+p.counts[i] {
			return true
		}
	}
	return false
}

func FuzzDecodeImage(f *testing.F) {
	files, _ := filepath.Glob("testdata/formats/*")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
	for _, data := range hostile() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		head, err := headerOf(bytes.NewReader(data), int64(len(data)))
		if err != nil || head.size.X*head.size.Y > 1<<20 {
			return
		}
		checkRoom(t, "fuzz", data)
		pic, err := head.decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		if n := pic.W * pic.H * pic.Ch; pic.W != head.size.X || pic.H != head.size.Y || len(pic.Pix)+len(pic.Deep) != n {
			t.Errorf("%d×%d×%d with %d samples, header %v", pic.W, pic.H, pic.Ch, len(pic.Pix)+len(pic.Deep), head.size)
		}
	})
}

func TestTruncatedClaimSaysSo(t *testing.T) {
	if _, err := decodeBytes(hostile()["png"]); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "too few for 9999×9999") {
		t.Errorf("error %v", err)
	}
}

// Wherever a file breaks off, decoding must notice unless no pixel was lost: who fills up with grey would train on grey.
func TestEveryTruncationIsFound(t *testing.T) {
	for _, name := range []string{"grey.jpg", "420.jpg", "progressive.jpg", "cmyk.jpg", "rgb.png", "palette.png", "rgb.bmp", "rgb.tiff", "lzw.tif", "tiled.tif", "tiled-deep.tif", "planar.tif", "big.tif", "packbits.tif", "fax3.tif", "fax4.tif", "deep.png", "rgb.webp", "lossy.webp"} {
		whole, err := os.ReadFile(filepath.Join("testdata/formats", name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeBytes(whole)
		if err != nil {
			t.Fatal(err)
		}
		for n := range whole {
			pic, err := decodeBytes(whole[:n])
			if err == nil && !(bytes.Equal(pic.Pix, want.Pix) && slices.Equal(pic.Deep, want.Deep)) {
				t.Errorf("%s: its first %d of %d bytes decode without error to another picture", name, n, len(whole))
				break
			}
		}
	}
}

// decodeBytes decodes an image file in memory.
func decodeBytes(data []byte) (Raster, error) {
	head, err := headerOf(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return Raster{}, err
	}
	return head.decode(bytes.NewReader(data))
}
