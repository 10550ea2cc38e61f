package picture

import "image"

// JPEG and lossy WebP store colour at half resolution. Go's image.YCbCr repeats the colour samples; the reference's decoder
// (libjpeg) interpolates them, and so does this file, because a backbone sees the steps that repeating leaves on edges.

// convertYCbCr gives RGB with interpolated colour. WebP's luma spans 16..235 (ITU-R BT.601), JPEG's spans 0..255.
func convertYCbCr(img *image.YCbCr, format string) Raster {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	cb, cr := upsample(img, img.Cb), upsample(img, img.Cr)
	toRGB := fullRangeRGB
	if format == "webp" {
		toRGB = studioRangeRGB
	}
	dst := New(w, h, 3)
	for y := range h {
		luma := img.Y[y*img.YStride:][:w]
		out := dst.Pix[3*y*w:]
		for x, l := range luma {
			out[3*x], out[3*x+1], out[3*x+2] = toRGB(int32(l), int32(cb[y*w+x])-128, int32(cr[y*w+x])-128)
		}
	}
	return dst.Compact()
}

// fullRangeRGB is JFIF's conversion with 16 fractional bits: R = Y + 1.402·Cr, G = Y − 0.344136·Cb − 0.714136·Cr,
// B = Y + 1.772·Cb.
func fullRangeRGB(y, cb, cr int32) (r, g, b uint8) {
	const half = 1 << 15
	return clamp8(y + (91881*cr+half)>>16),
		clamp8(y + (-22554*cb-46802*cr+half)>>16),
		clamp8(y + (116130*cb+half)>>16)
}

// studioRangeRGB is BT.601's conversion with 16 fractional bits: R = 1.164·(Y−16) + 1.596·Cr, and so on.
func studioRangeRGB(y, cb, cr int32) (r, g, b uint8) {
	luma := 76309*(y-16) + 1<<15
	return clamp8((luma + 104597*cr) >> 16),
		clamp8((luma - 25675*cb - 53279*cr) >> 16),
		clamp8((luma + 132201*cb) >> 16)
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// upsample brings one colour plane to the picture's size, without padding between rows.
func upsample(img *image.YCbCr, plane []uint8) []uint8 {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	halfRows := func(y int) []uint8 { return plane[y*img.CStride:][:(w+1)/2] }
	out := make([]uint8, w*h)
	switch img.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		upsampleBoth(out, w, h, halfRows)
	case image.YCbCrSubsampleRatio422:
		for y := range h {
			upsampleRow(out[y*w:][:w], halfRows(y))
		}
	case image.YCbCrSubsampleRatio440:
		upsampleColumns(out, w, h, func(y int) []uint8 { return plane[y*img.CStride:][:w] })
	default: // 4:4:4 has nothing to interpolate; 4:1:1 and 4:1:0 are repeated by libjpeg too
		for y := range h {
			for x := range w {
				out[y*w+x] = plane[img.COffset(img.Rect.Min.X+x, img.Rect.Min.Y+y)]
			}
		}
	}
	return out
}

// upsampleRow doubles a row: each output sample is ¾ of the nearer and ¼ of the farther input. The two halves of the
// rounding alternate, so that no brightness is gained over a row.
func upsampleRow(out, in []uint8) {
	last := len(in) - 1
	for x := range out {
		near := x / 2
		if x%2 == 0 {
			out[x] = uint8((3*int(in[near]) + int(in[max(near-1, 0)]) + 1) >> 2)
		} else {
			out[x] = uint8((3*int(in[near]) + int(in[min(near+1, last)]) + 2) >> 2)
		}
	}
}

// nearAndFarRow are the input rows nearest and second nearest to output row y of h; at the border they are the same.
func nearAndFarRow(y, h int) (near, far int) {
	near = y / 2
	if y%2 == 0 {
		return near, max(near-1, 0)
	}
	return near, min(near+1, (h+1)/2-1)
}

// upsampleColumns doubles the columns' length.
func upsampleColumns(out []uint8, w, h int, row func(y int) []uint8) {
	for y := range h {
		n, f := nearAndFarRow(y, h)
		near, far := row(n), row(f)
		for x := range w {
			out[y*w+x] = uint8((3*int(near[x]) + int(far[x]) + 1 + y%2) >> 2)
		}
	}
}

// upsampleBoth doubles both sides: 9/16 of the nearest sample, 3/16 of its two neighbours, 1/16 of the one across.
func upsampleBoth(out []uint8, w, h int, row func(y int) []uint8) {
	sums := make([]int, (w+1)/2)
	last := len(sums) - 1
	for y := range h {
		n, f := nearAndFarRow(y, h)
		near, far := row(n), row(f)
		for i := range sums {
			sums[i] = 3*int(near[i]) + int(far[i])
		}
		line := out[y*w:][:w]
		for x := range line {
			at := x / 2
			if x%2 == 0 {
				line[x] = uint8((3*sums[at] + sums[max(at-1, 0)] + 8) >> 4)
			} else {
				line[x] = uint8((3*sums[at] + sums[min(at+1, last)] + 7) >> 4)
			}
		}
	}
}
