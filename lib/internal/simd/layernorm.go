package simd

import (
	"math"
	"unsafe"
)

// LayerNorm normalises x (batch,channels,pixels) over the channels of each pixel (Ba et al. 2016), with gain and bias of
// one value a channel, and keeps mean and rstd (batch,pixels) for LayerNormGrad:
//
//	mean = Σ_c x[c] / channels
//	rstd = 1 / √(Σ_c (x[c]−mean)² / channels + eps)
//	y[c] = (x[c]−mean)·rstd·gain[c] + bias[c]
func LayerNorm(y, x, gain, bias, mean, rstd []float32, batch, channels, pixels int, eps float32) {
	n := batch * channels * pixels
	j := normJobs.get()
	defer normJobs.put(j)
	*j = normJob{
		y: sized("y", y, n), x: sized("x", x, n), gain: sized("gain", gain, channels), bias: sized("bias", bias, channels),
		mean: sized("mean", mean, batch*pixels), rstd: sized("rstd", rstd, batch*pixels),
		channels: channels, pixels: pixels, eps: eps,
	}
	if n > 0 {
		dispatch(batch*ceilDiv(pixels, normBlock), j)
	}
	*j = normJob{}
}

// LayerNormGrad sets the gradients of LayerNorm's inputs from dy, that of its output; with x̂ = (x−mean)·rstd and g =
// gain·dy
//
//	dx[c] = rstd·(g[c] − Σ_k g[k]/channels − x̂[c]·Σ_k g[k]·x̂[k]/channels)
//	dgain[c] = Σ dy[c]·x̂[c]    over all images and pixels
//	dbias[c] = Σ dy[c]
func LayerNormGrad(dx, dgain, dbias, dy, x, gain, mean, rstd []float32, batch, channels, pixels int) {
	n := batch * channels * pixels
	j := normJobs.get()
	defer normJobs.put(j)
	items := batch * ceilDiv(pixels, normBlock)
	*j = normJob{
		dx: sized("dx", dx, n), dy: sized("dy", dy, n), x: sized("x", x, n), gain: sized("gain", gain, channels),
		mean: sized("mean", mean, batch*pixels), rstd: sized("rstd", rstd, batch*pixels),
		channels: channels, pixels: pixels, grad: true, sums: borrowBuffer(2 * channels * items),
	}
	if n > 0 {
		dispatch(items, j)
	}
	sumColumns(sized("dgain", dgain, channels), j.sums, 2*channels, items)
	sumColumns(sized("dbias", dbias, channels), j.sums[min(channels, len(j.sums)):], 2*channels, items)
	returnBuffer(j.sums)
	*j = normJob{}
}

// sumColumns sets dst[i] = Σ_r src[r·stride+i].
func sumColumns(dst, src []float32, stride, rows int) {
	for i := range dst {
		sum := 0.0
		for r := range rows {
			sum += float64(src[r*stride+i])
		}
		dst[i] = float32(sum)
	}
}

// normJob is one of the two passes; an item is a block of pixels of one image.
type normJob struct {
	y, x, gain, bias, mean, rstd []float32
	dx, dy                       []float32
	channels, pixels             int
	eps                          float32
	grad                         bool
	sums                         []float32 // (items, 2, channels): gradients of gain and bias
}

const normBlock = 256

var normJobs freeList[normJob]

// run implements task.
func (j *normJob) run(i int, s *scratch) {
	blocks := ceilDiv(j.pixels, normBlock)
	image, p := i/blocks, i%blocks*normBlock
	n := min(normBlock, j.pixels-p)
	at, stat := image*j.channels*j.pixels+p, image*j.pixels+p
	if active.norm == nil {
		for q := range n {
			if j.grad {
				j.plainGrad(at+q, stat+q, j.sums[2*i*j.channels:2*(i+1)*j.channels], q == 0)
			} else {
				j.plain(at+q, stat+q)
			}
		}
		return
	}
	a := &s.norm
	*a = normArgs{x: unsafe.Pointer(&j.x[at]), gain: unsafe.Pointer(&j.gain[0]), mean: unsafe.Pointer(&j.mean[stat]),
		rstd: unsafe.Pointer(&j.rstd[stat]), channels: j.channels, plane: 4 * j.pixels, n: n, rc: 1 / float32(j.channels), eps: j.eps}
	if !j.grad {
		a.y, a.bias = unsafe.Pointer(&j.y[at]), unsafe.Pointer(&j.bias[0])
		callNorm(active.norm, a)
	} else {
		part := s.floats(0, 32*j.channels)
		clear(part)
		a.dy, a.dx, a.part = unsafe.Pointer(&j.dy[at]), unsafe.Pointer(&j.dx[at]), unsafe.Pointer(&part[0])
		callNorm(active.normGrad, a)
		j.collect(part, j.sums[2*i*j.channels:], s)
	}
}

// collect adds the partial sums of a block.
func (j *normJob) collect(part, sums []float32, s *scratch) {
	for c := range j.channels {
		sums[c] = float32(reduceRow(active.sum, part[32*c:32*c+16], nil, &s.reduce))
		sums[j.channels+c] = float32(reduceRow(active.sum, part[32*c+16:32*c+32], nil, &s.reduce))
	}
}

// plain normalises the pixel whose first channel is x[at].
func (j *normJob) plain(at, stat int) {
	mean, variance := 0.0, 0.0
	for c := range j.channels {
		mean += float64(j.x[at+c*j.pixels])
	}
	mean /= float64(j.channels)
	for c := range j.channels {
		d := float64(j.x[at+c*j.pixels]) - mean
		variance += d * d
	}
	m, r := float32(mean), float32(1/math.Sqrt(variance/float64(j.channels)+float64(j.eps)))
	for c := range j.channels {
		j.y[at+c*j.pixels] = (j.x[at+c*j.pixels]-m)*r*j.gain[c] + j.bias[c]
	}
	j.mean[stat], j.rstd[stat] = m, r
}

// plainGrad is the backward pass of one pixel; sums are set by the first pixel of a block and added to by the others.
func (j *normJob) plainGrad(at, stat int, sums []float32, first bool) {
	if first {
		clear(sums)
	}
	m, r := j.mean[stat], j.rstd[stat]
	g, gx := float32(0), float32(0)
	for c := range j.channels {
		xh, dy := (j.x[at+c*j.pixels]-m)*r, j.dy[at+c*j.pixels]
		g += dy * j.gain[c]
		gx += dy * j.gain[c] * xh
		sums[c] += dy * xh
		sums[j.channels+c] += dy
	}
	g /= float32(j.channels)
	gx /= float32(j.channels)
	for c := range j.channels {
		xh := (j.x[at+c*j.pixels] - m) * r
		j.dx[at+c*j.pixels] = r * (j.dy[at+c*j.pixels]*j.gain[c] - g - xh*gx)
	}
}
