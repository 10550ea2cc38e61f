package picture

import (
	"image"
	"image/color"
)

// toRaster converts what a decoder returned. format is the decoder's name, as image.Decode reports it.
func toRaster(img image.Image, format string) Raster {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	switch img := img.(type) {
	case *image.Gray:
		return gatherGrey(w, h, img.Pix, img.Stride, 1)
	case *image.Gray16:
		return gatherDeep(w, h, 1, img.Pix, img.Stride, 2)
	case *image.NRGBA:
		return gatherRGB(w, h, img.Pix, img.Stride, 4)
	case *image.NRGBA64:
		return gatherDeep(w, h, 3, img.Pix, img.Stride, 8)
	case *image.RGBA:
		if img.Opaque() {
			return gatherRGB(w, h, img.Pix, img.Stride, 4)
		}
	case *image.RGBA64:
		return gatherDeep(w, h, 4, img.Pix, img.Stride, 8).divided().Compact()
	case *image.Paletted:
		return convertPaletted(img)
	case *image.CMYK:
		return convertCMYK(img)
	case *image.YCbCr:
		return convertYCbCr(img, format)
	case *image.NYCbCrA:
		return convertYCbCr(&img.YCbCr, format)
	}
	return convertAny(img)
}

// gatherGrey takes every step-th byte of each row.
func gatherGrey(w, h int, pix []uint8, stride, step int) Raster {
	dst := New(w, h, 1)
	for y := range h {
		row, out := pix[y*stride:], dst.Pix[y*w:(y+1)*w]
		if step == 1 {
			copy(out, row)
			continue
		}
		for x := range out {
			out[x] = row[x*step]
		}
	}
	return dst
}

// gatherRGB takes R, G and B out of pixels of size bytes.
func gatherRGB(w, h int, pix []uint8, stride, size int) Raster {
	dst := New(w, h, 3)
	for y := range h {
		row, out := pix[y*stride:], dst.Pix[3*y*w:]
		for x := range w {
			copy(out[3*x:3*x+3], row[x*size:])
		}
	}
	return dst.Compact()
}

// gatherDeep takes the first ch samples, which are big-endian, out of pixels of size bytes.
func gatherDeep(w, h, ch int, pix []uint8, stride, size int) Raster {
	dst := NewDeep(w, h, ch)
	for y := range h {
		row, out := pix[y*stride:], dst.Deep[ch*y*w:]
		for x := range w {
			for c := range ch {
				out[ch*x+c] = uint16(row[x*size+2*c])<<8 | uint16(row[x*size+2*c+1])
			}
		}
	}
	if ch == 3 {
		return dst.Compact()
	}
	return dst
}

func convertPaletted(img *image.Paletted) Raster {
	var table [256][3]uint8 // an index past the palette's end is black
	for i, c := range img.Palette {
		table[i] = straightRGB(c)
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	dst := New(w, h, 3)
	for y := range h {
		for x, index := range img.Pix[y*img.Stride:][:w] {
			copy(dst.Pix[3*(y*w+x):], table[index][:])
		}
	}
	return dst.Compact()
}

// convertCMYK is the naive ink model, which Pillow uses too: what a channel's ink and then the black ink leave over.
func convertCMYK(img *image.CMYK) Raster {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	dst := New(w, h, 3)
	for y := range h {
		row := img.Pix[y*img.Stride:]
		for x := range w {
			p := row[4*x : 4*x+4]
			white := 255 - int(p[3])
			for c := range 3 {
				dst.Pix[3*(y*w+x)+c] = uint8(white - (int(p[c])*white+127)/255)
			}
		}
	}
	return dst.Compact()
}

func convertAny(img image.Image) Raster {
	b := img.Bounds()
	dst := New(b.Dx(), b.Dy(), 3)
	for y := range dst.H {
		for x := range dst.W {
			rgb := straightRGB(img.At(b.Min.X+x, b.Min.Y+y))
			copy(dst.Pix[3*(y*dst.W+x):], rgb[:])
		}
	}
	return dst.Compact()
}

// straightRGB is the colour without its alpha, which is divided out where it was multiplied in.
func straightRGB(c color.Color) [3]uint8 {
	if c, ok := c.(color.NRGBA); ok { // a fully transparent colour would not survive the conversion below
		return [3]uint8{c.R, c.G, c.B}
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return [3]uint8{uint8(n.R >> 8), uint8(n.G >> 8), uint8(n.B >> 8)}
}

// Compact is the picture with one channel if all its pixels are grey.
func (r Raster) Compact() Raster {
	if r.Deep != nil {
		r.Ch, r.Deep = compactSamples(r.Deep)
	} else {
		r.Ch, r.Pix = compactSamples(r.Pix)
	}
	return r
}

// CompactClone is Clone and Compact of an 8-bit picture of three channels, in one pass where it is grey.
func (r Raster) CompactClone() Raster {
	grey := make([]uint8, len(r.Pix)/3)
	for i, pix := 0, r.Pix; i < len(grey); i++ {
		p := pix[:3:len(pix)]
		if p[0] != p[1] || p[1] != p[2] {
			return r.Clone()
		}
		grey[i], pix = p[0], pix[3:]
	}
	return Raster{W: r.W, H: r.H, Ch: 1, Pix: grey}
}

// compactSamples moves grey together where it lies, so that no more memory is needed.
func compactSamples[T uint8 | uint16](pix []T) (ch int, compacted []T) {
	for i := 0; i < len(pix); i += 3 {
		if p := pix[i : i+3]; p[0] != p[1] || p[1] != p[2] {
			return 3, pix
		}
	}
	for i := range len(pix) / 3 {
		pix[i] = pix[3*i]
	}
	return 1, pix[: len(pix)/3 : len(pix)/3]
}

// alphaOf is the alpha channel of a picture; without samples where it has none.
func alphaOf(img image.Image) Raster {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	switch img := img.(type) {
	case *image.NRGBA:
		return gatherGrey(w, h, img.Pix[3:], img.Stride, 4)
	case *image.RGBA:
		return gatherGrey(w, h, img.Pix[3:], img.Stride, 4)
	case *image.NRGBA64:
		return gatherGrey(w, h, img.Pix[6:], img.Stride, 8)
	case *image.NYCbCrA:
		return gatherGrey(w, h, img.A, img.AStride, 1)
	case *image.Paletted:
		return paletteAlpha(img)
	}
	return Raster{}
}

func paletteAlpha(img *image.Paletted) Raster {
	var table [256]uint8
	for i, c := range img.Palette {
		_, _, _, a := c.RGBA()
		table[i] = uint8(a >> 8)
	}
	out := gatherGrey(img.Bounds().Dx(), img.Bounds().Dy(), img.Pix, img.Stride, 1)
	for i, index := range out.Pix {
		out.Pix[i] = table[index]
	}
	return out
}
