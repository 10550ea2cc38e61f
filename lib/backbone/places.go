package backbone

import (
	"math"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// places is what tells a transformer where its h×w patches are: codes (dim,h·w) to be added to them, or angles by which
// queries and keys are turned.
type places struct {
	h, w     int
	codes    []float32
	cos, sin []float32 // (half a head's dim, h·w), or nil
}

// places are those of a grid, kept until another grid is asked for.
func (n *transformer) places(h, w int) *places {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.place == nil || n.place.h != h || n.place.w != w {
		p := &places{h: h, w: w}
		if n.codes != nil {
			p.codes = resizeCodes(n.codes, n.grid, h, w)
		} else {
			p.cos, p.sin = rotaryAngles(n.dim/n.heads, h, w)
		}
		n.place = p
	}
	return n.place
}

// rotaryBase is the ratio of DINOv3's longest period to its shortest, nearly.
const rotaryBase = 100

// rotaryAngles are cos and sin of DINOv3's rotary codes: a patch's centre (y,x), each in −1…1, gives the angles
// 2π·y/period[k] and then 2π·x/period[k] with period[k] = 100^(4k/dim), k < dim/4.
func rotaryAngles(dim, h, w int) (cos, sin []float32) {
	half, quarter := dim/2, dim/4
	cos, sin = make([]float32, half*h*w), make([]float32, half*h*w)
	for k := range quarter {
		period := math.Pow(rotaryBase, 4*float64(k)/float64(dim))
		for y := range h {
			for x := range w {
				for axis, at := range [2]float64{(2*float64(y)+1)/float64(h) - 1, (2*float64(x)+1)/float64(w) - 1} {
					i := (axis*quarter+k)*h*w + y*w + x
					s, c := math.Sincos(2 * math.Pi * at / period)
					cos[i], sin[i] = float32(c), float32(s)
				}
			}
		}
	}
	return cos, sin
}

// rotate turns the patches' queries and keys qk (2·heads,dim of a head,tokens) in the planes of channels c and c + dim/2.
// Other tokens stay.
func (p *places) rotate(qk []float32, tokens int) {
	if p.cos == nil {
		return
	}
	patches := p.h * p.w
	half := len(p.cos) / patches
	simd.Parallel(len(qk)/(2*half*tokens), func(head int) {
		for c := range half {
			at := (head*2*half + c) * tokens
			a, b := qk[at:][:patches], qk[at+half*tokens:][:patches]
			cos, sin := p.cos[c*patches:][:patches], p.sin[c*patches:][:patches]
			for i, u := range a {
				v := b[i]
				a[i], b[i] = u*cos[i]-v*sin[i], v*cos[i]+u*sin[i]
			}
		}
	})
}

// resizeCodes brings position codes (dim,grid,grid) to h×w as timm does: by the bicubic filter whose support grows when
// the grid shrinks. (The authors' DINOv2 without registers does not widen it, and stretches the grid by 0.1 of a patch.)
func resizeCodes(codes []float32, grid, h, w int) []float32 {
	if h == grid && w == grid {
		return codes
	}
	dim := len(codes) / (grid * grid)
	out := make([]float32, dim*h*w)
	rows, columns := cubicWindows(grid, h), cubicWindows(grid, w)
	simd.Parallel(dim, func(c int) {
		in, between := codes[c*grid*grid:][:grid*grid], make([]float64, grid*w)
		for y := range grid {
			for x, win := range columns {
				for j, k := range win.coef {
					between[y*w+x] += k * float64(in[y*grid+win.first+j])
				}
			}
		}
		for y, win := range rows {
			for x := range w {
				sum := 0.0
				for j, k := range win.coef {
					sum += k * between[(win.first+j)*w+x]
				}
				out[(c*h+y)*w+x] = float32(sum)
			}
		}
	})
	return out
}

// cubicWindow is what one output place sees: in[first], in[first+1], … weighted by coef, whose sum is 1.
type cubicWindow struct {
	first int
	coef  []float64
}

// cubicWindows lists the windows of out places over in.
func cubicWindows(in, out int) []cubicWindow {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	windows := make([]cubicWindow, out)
	for i := range windows {
		center := (float64(i) + 0.5) * scale
		first := max(int(center-2*stretch+0.5), 0)
		last := min(int(center+2*stretch+0.5), in)
		coef, sum := make([]float64, last-first), 0.0
		for j := range coef {
			coef[j] = cubic((float64(first+j) - center + 0.5) / stretch)
			sum += coef[j]
		}
		for j := range coef {
			coef[j] /= sum
		}
		windows[i] = cubicWindow{first, coef}
	}
	return windows
}

// cubic is Keys' kernel with a = −1/2.
func cubic(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}
