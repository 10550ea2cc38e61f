package plots

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/spreadsheet"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Figure is a drawing with its data. A notebook shows it by MIMEBundle. It does not change once made, so it may be used
// from several goroutines.
type Figure struct {
	alt           string // what a reader who cannot see the figure should know
	width, height int    // in pixels of 1/96 inch
	paint         func(c draw.Canvas)
	data          func() table
	pictures      bool // shows images, which PNG holds better than SVG
	err           error
}

// A table is a figure's data: a header and rows of cells.
type table [][]string

// write writes t as CSV.
func (t table) write(w io.Writer) error {
	for _, row := range t {
		spreadsheet.Row(row)
	}
	if err := csv.NewWriter(w).WriteAll(t); err != nil {
		return fmt.Errorf("plots: writing CSV: %w", err)
	}
	return nil
}

// pixel is a CSS pixel, 1/96 inch.
const pixel = vg.Inch / 96

// Size is the same figure at w×h pixels. It panics unless both are at least 50.
func (f *Figure) Size(w, h int) *Figure {
	if w < 50 || h < 50 {
		panic(fmt.Sprintf("plots: a figure of %d×%d pixels", w, h))
	}
	g := *f
	g.width, g.height = w, h
	return &g
}

// Err says why the figure cannot be drawn, if so.
func (f *Figure) Err() error { return f.err }

// String describes the figure in words, as alternative text.
func (f *Figure) String() string { return f.alt }

// Image draws the figure, one image pixel per pixel of its size.
func (f *Figure) Image() image.Image { return f.raster(1) }

// raster draws with n image pixels to a pixel of the figure's size.
func (f *Figure) raster(n int) image.Image {
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(f.width)*pixel, vg.Length(f.height)*pixel), vgimg.UseDPI(96*n))
	f.paint(draw.New(c))
	return c.Image()
}

// PNG is the figure as a PNG file.
func (f *Figure) PNG() []byte { return encodePNG(f.Image()) }

// PNGScaled is the figure as a PNG file with n image pixels to each pixel of its size: 2 for a sharp screen, 3 or 4 for
// print. It panics unless 1 ≤ n ≤ 16.
func (f *Figure) PNGScaled(n int) []byte {
	if n < 1 || n > 16 {
		panic(fmt.Sprintf("plots: scale %d", n))
	}
	return encodePNG(f.raster(n))
}

func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.DefaultCompression}
	if err := e.Encode(&b, m); err != nil { // only a size of zero can fail
		panic(fmt.Sprintf("plots: %v", err))
	}
	return b.Bytes()
}

// SVG is the figure as an SVG document.
func (f *Figure) SVG() string {
	c := newSVG(f.width, f.height, f.alt)
	f.paint(draw.New(c))
	return c.document()
}

// MIMEBundle is what a notebook shows: curves as SVG, figures with images as PNG, and the description. PNG bytes become
// base64 when the bundle is written as JSON.
func (f *Figure) MIMEBundle() map[string]any {
	if f.pictures {
		return map[string]any{"image/png": f.PNG(), "text/plain": f.alt}
	}
	return map[string]any{"image/svg+xml": f.SVG(), "text/plain": f.alt}
}

// WriteCSV writes the figure's data with a header line. Errors are Err's or the writer's.
func (f *Figure) WriteCSV(w io.Writer) error {
	if f.err != nil {
		return f.err
	}
	return f.data().write(w)
}

// ErrFormat is returned for a file name that ends in none of .png, .svg and .csv.
var ErrFormat = errors.New("plots: a figure is saved as .png, .svg or .csv")

// Save writes the figure to a file, in the format of its extension: .png (at twice the size, for sharp screens), .svg or
// .csv. The file appears whole or not at all. Errors: Err's, ErrFormat, the file system's.
func (f *Figure) Save(path string) error {
	if f.err != nil {
		return fmt.Errorf("saving %s: %w", path, f.err)
	}
	var content []byte
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		content = f.PNGScaled(2)
	case ".svg":
		content = []byte(f.SVG())
	case ".csv":
		var b bytes.Buffer
		if err := f.WriteCSV(&b); err != nil {
			return err
		}
		content = b.Bytes()
	default:
		return fmt.Errorf("saving %s: %w", path, ErrFormat)
	}
	return durable.WriteBytes(path, 0o644, content)
}

// failed is a figure that only says why there is none.
func failed(what string, err error) *Figure {
	err = fmt.Errorf("plots: %s: %w", what, err)
	return &Figure{
		alt: err.Error(), width: 640, height: 120, err: err,
		paint: func(c draw.Canvas) { paintMessage(c, what, err) },
		data:  func() table { return nil },
	}
}
