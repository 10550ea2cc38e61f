// Package frames cuts a stream of pictures, as ffmpeg writes it to a pipe, into pictures: PNG or JPEG files one after another, or
// rows of RGB pixels.
package frames

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Longest is how many bytes a picture may have.
const Longest = 512 << 20

// Reader reads a stream. The zero Reader is not usable.
type Reader struct {
	r *bufio.Reader
	n int // pictures so far
}

// New reads from r.
func New(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 1<<16)} }

// Next reads a whole PNG or JPEG file. It gives io.EOF at the end, and an error that names the frame where the stream breaks off
// inside of one or goes on with something else.
func (r *Reader) Next() ([]byte, error) {
	begin, err := r.r.Peek(2)
	if len(begin) == 0 {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("reading frame %d: %w", r.n+1, err)
	}
	r.n++
	var file []byte
	switch {
	case bytes.HasPrefix(begin, []byte("\x89P")):
		file, err = r.png()
	case bytes.HasPrefix(begin, []byte("\xff\xd8")):
		file, err = r.jpeg()
	default:
		err = errors.New("it is neither PNG nor JPEG; ffmpeg writes those with -f image2pipe -c:v png or mjpeg, and RGB pixels need --frame-size")
	}
	return r.whole(file, err)
}

// Raw reads a picture of RGB pixels, 3·w·h bytes row by row, as ffmpeg writes it with -f rawvideo -pix_fmt rgb24.
func (r *Reader) Raw(w, h int) ([]byte, error) {
	if _, err := r.r.Peek(1); errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	r.n++
	pixels := make([]byte, 3*w*h)
	_, err := io.ReadFull(r.r, pixels)
	return r.whole(pixels, err)
}

func (r *Reader) whole(file []byte, err error) ([]byte, error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("frame %d: the stream ends inside of it", r.n)
	}
	if err != nil {
		return nil, fmt.Errorf("frame %d: %w", r.n, err)
	}
	return file, nil
}

// take appends n bytes of the stream to a file.
func (r *Reader) take(file []byte, n int) ([]byte, error) {
	if n > Longest-len(file) {
		return nil, fmt.Errorf("it has more than %d MB", Longest>>20)
	}
	at := len(file)
	for len(file) < at+n { // some at a time: a length that lies costs no memory
		more := min(1<<20, at+n-len(file))
		file = append(file, make([]byte, more)...)
		if _, err := io.ReadFull(r.r, file[len(file)-more:]); err != nil {
			return nil, err
		}
	}
	return file, nil
}

// png reads a signature and chunks up to IEND: each has its length, its type, its content and a checksum.
func (r *Reader) png() (file []byte, err error) {
	const signature, around = 8, 12
	if file, err = r.take(nil, signature); err != nil {
		return nil, err
	}
	for {
		at := len(file)
		if file, err = r.take(file, 8); err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint32(file[at:])
		if n > Longest {
			return nil, fmt.Errorf("it has more than %d MB", Longest>>20)
		}
		if file, err = r.take(file, int(n)+around-8); err != nil {
			return nil, err
		}
		if string(file[at+4:at+8]) == "IEND" {
			return file, nil
		}
	}
}

// Markers of JPEG (ITU T.81, table B.1).
const (
	restart0, restart7 = 0xd0, 0xd7
	startOfImage       = 0xd8
	endOfImage         = 0xd9
	startOfScan        = 0xda
	temporary          = 0x01
)

// jpeg reads segments up to the end of the image. Those of scans are followed by data, which go on to the next marker.
func (r *Reader) jpeg() (file []byte, err error) {
	for {
		if file, err = r.take(file, 2); err != nil {
			return nil, err
		}
		for file[len(file)-2] == 0xff && file[len(file)-1] == 0xff { // a marker may be preceded by any number of them
			if file, err = r.take(file[:len(file)-1], 1); err != nil {
				return nil, err
			}
		}
		marker := file[len(file)-1]
		switch {
		case file[len(file)-2] != 0xff:
			return nil, errors.New("the JPEG has something else where a marker is expected")
		case marker == endOfImage:
			return file, nil
		case marker == startOfImage || marker == temporary || marker >= restart0 && marker <= restart7:
			continue
		}
		if file, err = r.segment(file); err != nil {
			return nil, err
		}
		if marker == startOfScan {
			if file, err = r.scan(file); err != nil {
				return nil, err
			}
		}
	}
}

// segment reads the length of a segment, which counts itself, and the rest.
func (r *Reader) segment(file []byte) ([]byte, error) {
	file, err := r.take(file, 2)
	if err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(file[len(file)-2:]))
	if n < 2 {
		return nil, errors.New("the JPEG has a segment without a length")
	}
	return r.take(file, n-2)
}

// scan reads a scan's data, up to before the next marker. In data FF is followed by 00 or a restart.
func (r *Reader) scan(file []byte) ([]byte, error) {
	for {
		ahead, err := r.r.Peek(max(2, r.r.Buffered()))
		if len(ahead) < 2 {
			return nil, err
		}
		n := 0
		for n+1 < len(ahead) {
			if next := ahead[n+1]; ahead[n] == 0xff && next != 0 && next != 0xff && (next < restart0 || next > restart7) {
				return r.take(file, n)
			}
			n++
		}
		if file, err = r.take(file, n); err != nil {
			return nil, err
		}
	}
}
