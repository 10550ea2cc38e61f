package datasets

import (
	"image"
	"image/color"
)

// toRaster converts what a decoder returned. format is the decoder's name, as image.Decode reports it.
func toRaster(img image.Image, format string) raster {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	switch img := img.(type) {
	case *image.Gray:
		return gatherGrey(w, h, img.Pix, img.Stride, 1)
	case *image.Gray16:
		return gatherGrey(w, h, img.Pix, img.Stride, 2)
	case *image.NRGBA:
		return gatherRGB(w, h, img.Pix, img.Stride, 4, 1)
	case *image.NRGBA64:
		return gatherRGB(w, h, img.Pix, img.Stride, 8, 2)
	case *image.RGBA:
		if img.Opaque() {
			return gatherRGB(w, h, img.Pix, img.Stride, 4, 1)
		}
	case *image.RGBA64:
		if img.Opaque() {
			return gatherRGB(w, h, img.Pix, img.Stride, 8, 2)
		}
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

// gatherGrey takes every step-th byte of each row. 16-bit samples are big-endian: the first byte is the upper one.
func gatherGrey(w, h int, pix []uint8, stride, step int) raster {
	dst := newRaster(w, h, 1)
	for y := range h {
		row := pix[y*stride:]
		for x := range w {
			dst.pix[y*w+x] = row[x*step]
		}
	}
	return dst
}

// gatherRGB takes R, G and B, which lie between bytes apart in pixels of size bytes.
func gatherRGB(w, h int, pix []uint8, stride, size, between int) raster {
	dst := newRaster(w, h, 3)
	for y := range h {
		row, out := pix[y*stride:], dst.pix[3*y*w:]
		for x := range w {
			p := row[x*size:]
			out[3*x], out[3*x+1], out[3*x+2] = p[0], p[between], p[2*between]
		}
	}
	return dst.compact()
}

func convertPaletted(img *image.Paletted) raster {
	var table [256][3]uint8 // an index past the palette's end is black
	for i, c := range img.Palette {
		table[i] = straightRGB(c)
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	dst := newRaster(w, h, 3)
	for y := range h {
		for x, index := range img.Pix[y*img.Stride:][:w] {
			copy(dst.pix[3*(y*w+x):], table[index][:])
		}
	}
	return dst.compact()
}

// convertCMYK is the naive ink model, which Pillow uses too: what a channel's ink and then the black ink leave over.
func convertCMYK(img *image.CMYK) raster {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	dst := newRaster(w, h, 3)
	for y := range h {
		row := img.Pix[y*img.Stride:]
		for x := range w {
			p := row[4*x : 4*x+4]
			white := 255 - int(p[3])
			for c := range 3 {
				dst.pix[3*(y*w+x)+c] = uint8(white - (int(p[c])*white+127)/255)
			}
		}
	}
	return dst.compact()
}

func convertAny(img image.Image) raster {
	b := img.Bounds()
	dst := newRaster(b.Dx(), b.Dy(), 3)
	for y := range dst.h {
		for x := range dst.w {
			rgb := straightRGB(img.At(b.Min.X+x, b.Min.Y+y))
			copy(dst.pix[3*(y*dst.w+x):], rgb[:])
		}
	}
	return dst.compact()
}

// straightRGB is the colour without its alpha, which is divided out where it was multiplied in.
func straightRGB(c color.Color) [3]uint8 {
	if c, ok := c.(color.NRGBA); ok { // a fully transparent colour would not survive the conversion below
		return [3]uint8{c.R, c.G, c.B}
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return [3]uint8{uint8(n.R >> 8), uint8(n.G >> 8), uint8(n.B >> 8)}
}

// compact is the picture with one channel if all its pixels are grey.
func (r raster) compact() raster {
	for i := 0; i < len(r.pix); i += 3 {
		if p := r.pix[i : i+3]; p[0] != p[1] || p[1] != p[2] {
			return r
		}
	}
	return gatherGrey(r.w, r.h, r.pix, 3*r.w, 3)
}
