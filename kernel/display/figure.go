package display

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // image.Decode in cells knows the usual formats
	_ "image/jpeg"
	"image/png"
	"reflect"

	"golang.org/x/image/draw"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// maxPixels is the size beyond which an image is shown scaled down: a browser has no use for more.
const maxPixels = 4 << 20

// Size of a gonum plot in a notebook, and its sharpness on dense screens. A plot itself leaves no room around its labels.
const (
	plotWidth  = 6 * vg.Inch
	plotHeight = 4 * vg.Inch
	plotMargin = vg.Inch / 8
	plotDPI    = 192
	screenDPI  = 96
)

// figure shows images and gonum plots.
func figure(v any) (Data, bool) {
	if isNilPointer(v) {
		return Data{}, false
	}
	switch v := v.(type) {
	case image.Image:
		return imageData(v), true
	case *plot.Plot:
		return plotData(v), true
	}
	return Data{}, false
}

func imageData(m image.Image) Data {
	size := m.Bounds().Size()
	text := fmt.Sprintf("%s %d×%d", typeName(reflect.TypeOf(m)), size.X, size.Y)
	if size.X <= 0 || size.Y <= 0 {
		return Data{Data: MIMEMap{MIMETypeText: text}}
	}
	return Data{Data: MIMEMap{MIMETypePNG: encodePNG(fit(m)), MIMETypeText: text}}
}

// fit scales m down to maxPixels if it has more.
func fit(m image.Image) image.Image {
	size := m.Bounds().Size()
	n := 1
	for size.X/n*(size.Y/n) > maxPixels {
		n++
	}
	if n == 1 {
		return m
	}
	small := image.NewRGBA(image.Rect(0, 0, max(1, size.X/n), max(1, size.Y/n)))
	draw.ApproxBiLinear.Scale(small, small.Bounds(), m, m.Bounds(), draw.Src, nil)
	return small
}

// encodePNG favours speed: the bytes go to a browser on the same machine.
func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := e.Encode(&b, m); err != nil {
		panic(err) // an image too large for PNG; render reports it
	}
	return b.Bytes()
}

func plotData(p *plot.Plot) Data {
	c := vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseDPI(plotDPI))
	page := vgdraw.New(c)
	if p.BackgroundColor != nil {
		page.SetColor(p.BackgroundColor)
		page.Fill(page.Rectangle.Path())
	}
	p.Draw(vgdraw.Crop(page, plotMargin, -plotMargin, plotMargin, -plotMargin))
	return Data{
		Data: MIMEMap{MIMETypePNG: encodePNG(c.Image()), MIMETypeText: fmt.Sprintf("plot %q", p.Title.Text)},
		Metadata: MIMEMap{MIMETypePNG: map[string]any{
			"width":  int(plotWidth / vg.Inch * screenDPI),
			"height": int(plotHeight / vg.Inch * screenDPI),
		}},
	}
}
