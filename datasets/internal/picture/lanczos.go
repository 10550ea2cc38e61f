package picture

import "math"

// Resizing as Pillow's Image.resize does it, bit for bit: a separable filter whose support grows with the down-sampling
// factor (so that it is also the anti-aliasing filter), fixed-point coefficients, and a result rounded and clamped to
// 8 bits after the horizontal and again after the vertical pass. A pretrained backbone sees the difference between this and
// a plain bilinear resize.
//
// The horizontal pass always goes first. That is Pillow up to 12.3, with which the reference and all published results were
// made; Pillow 13 begins with the vertical pass where that is cheaper, and then differs by a level or two.

const (
	lanczosA = 3
	// A coefficient has 22 fractional bits: 8 bits of sample and 2 of headroom for the sum's overshoot fill an int32.
	coefBits = 32 - 8 - 2
	coefHalf = 1 << (coefBits - 1)
)

// lanczos is the kernel sinc(x)·sinc(x/a) on [-a,a).
func lanczos(x float64) float64 {
	if x < -lanczosA || x >= lanczosA {
		return 0
	}
	return sinc(x) * sinc(x/lanczosA)
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// window is one output position's inputs: in[first], in[first+1], … weighted by coef, whose sum is about 2^coefBits.
type window struct {
	first int
	coef  []int32
}

// lanczosWindows lists the windows of out positions over in inputs.
func lanczosWindows(in, out int) []window {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := float64(lanczosA * stretch)
	windows := make([]window, out)
	for i := range windows {
		center := float64((float64(i) + 0.5) * scale)
		first := max(int(center-support+0.5), 0)
		last := min(int(center+support+0.5), in)
		windows[i] = window{first, lanczosCoefs(first, last, center, 1/stretch)}
	}
	return windows
}

func lanczosCoefs(first, last int, center, shrink float64) []int32 {
	weights := make([]float64, last-first)
	sum := 0.0
	for j := range weights {
		weights[j] = lanczos((float64(j+first) - center + 0.5) * shrink)
		sum += weights[j]
	}
	coefs := make([]int32, len(weights))
	for j, w := range weights {
		coefs[j] = int32(math.Round(w / sum * (1 << coefBits)))
	}
	return coefs
}

// round8 turns a fixed-point sum into a sample.
func round8(sum int32) uint8 { return uint8(min(max(sum>>coefBits, 0), 255)) }

// Resize returns the picture at w×h. A side that keeps its length is not filtered.
func Resize(src Raster, w, h int) Raster {
	if w != src.W {
		src = lanczosRows(src, w)
	}
	if h != src.H {
		src = lanczosColumns(src, h)
	}
	return src
}

// lanczosRows makes every row w samples long.
func lanczosRows(src Raster, w int) Raster {
	dst := New(w, src.H, src.Ch)
	windows := lanczosWindows(src.W, w)
	from, to := src.W*src.Ch, w*src.Ch
	if src.Ch == 3 {
		for y := range src.H {
			filterRGB(dst.Pix[y*to:][:to], src.Pix[y*from:][:from], windows)
		}
		return dst
	}
	y := 0
	for ; y+4 <= src.H; y += 4 {
		filterGrey4(dst.Pix[y*to:], src.Pix[y*from:], windows, to, from)
	}
	for ; y < src.H; y++ {
		filterGrey(dst.Pix[y*to:][:to], src.Pix[y*from:][:from], windows)
	}
	return dst
}

func filterGrey(dst, row []uint8, windows []window) {
	for x, win := range windows {
		in := row[win.first:][:len(win.coef)]
		sum := int32(coefHalf)
		for j, c := range win.coef {
			sum += c * int32(in[j])
		}
		dst[x] = round8(sum)
	}
}

// filterGrey4 is filterGrey of four rows, which are to and from samples apart, so that a coefficient is read once for all.
func filterGrey4(dst, rows []uint8, windows []window, to, from int) {
	for x, win := range windows {
		n, at := len(win.coef), win.first
		a, b, c, d := rows[at:][:n], rows[at+from:][:n], rows[at+2*from:][:n], rows[at+3*from:][:n]
		s, t, u, v := int32(coefHalf), int32(coefHalf), int32(coefHalf), int32(coefHalf)
		for j, k := range win.coef {
			s += k * int32(a[j])
			t += k * int32(b[j])
			u += k * int32(c[j])
			v += k * int32(d[j])
		}
		dst[x], dst[x+to], dst[x+2*to], dst[x+3*to] = round8(s), round8(t), round8(u), round8(v)
	}
}

func filterRGB(dst, row []uint8, windows []window) {
	for x, win := range windows {
		in := row[3*win.first:]
		r, g, b := int32(coefHalf), int32(coefHalf), int32(coefHalf)
		for _, c := range win.coef {
			p := in[:3:3]
			r += c * int32(p[0])
			g += c * int32(p[1])
			b += c * int32(p[2])
			in = in[3:]
		}
		out := dst[3*x : 3*x+3 : 3*x+3]
		out[0], out[1], out[2] = round8(r), round8(g), round8(b)
	}
}

// lanczosColumns makes every column h samples long. It sums whole rows, so that memory is read in order.
func lanczosColumns(src Raster, h int) Raster {
	dst := New(src.W, h, src.Ch)
	stride := src.W * src.Ch
	sums := make([]int32, stride)
	for y, win := range lanczosWindows(src.H, h) {
		for i := range sums {
			sums[i] = coefHalf
		}
		for j, c := range win.coef {
			addScaled(sums, src.Pix[(win.first+j)*stride:][:stride], c)
		}
		out := dst.Pix[y*stride:][:stride]
		for i, s := range sums {
			out[i] = round8(s)
		}
	}
	return dst
}

// addScaled adds c·row to sums.
func addScaled(sums []int32, row []uint8, c int32) {
	row = row[:len(sums)]
	for i := range sums {
		sums[i] += c * int32(row[i])
	}
}
