package simd

import (
	"math"
	"unsafe"
)

// AdamStep updates parameters p and Adam's moments m and v from gradient g (Kingma & Ba 2015, algorithm 1), with
// c1 = 1−b1ᵗ and c2 = 1−b2ᵗ at step t:
//
//	d = scale·g
//	m = b1·m + (1−b1)·d
//	v = b2·v + (1−b2)·d²
//	p = p − lr·(m/c1) / (√(v/c2) + eps)
//
// b2 is float64 because 1−b2 would lose four digits in float32.
func AdamStep(p, g, m, v []float32, scale, lr float32, b1, b2, eps float64, c1, c2 float32) {
	sameLength(len(p), g, m, v)
	if len(p) == 0 {
		return
	}
	j := adamJobs.get()
	defer adamJobs.put(j)
	*j = adamJob{p, g, m, v, adamArgs{scale: scale, b1: float32(b1), r1: float32(1 - b1), b2: float32(b2), r2: float32(1 - b2),
		step: lr / c1, corr: 1 / c2, eps: float32(eps)}}
	dispatch(ceilDiv(len(p), elementBlock), j)
	*j = adamJob{}
}

type adamJob struct {
	p, g, m, v []float32
	args       adamArgs
}

var adamJobs freeList[adamJob]

// run implements task.
func (j *adamJob) run(i int, s *scratch) {
	lo := i * elementBlock
	hi := min(lo+elementBlock, len(j.p))
	p, g, m, v := j.p[lo:hi], j.g[lo:hi], j.m[lo:hi], j.v[lo:hi]
	if active.adam == nil {
		plainAdam(p, g, m, v, &j.args)
		return
	}
	s.adam = j.args
	s.adam.p, s.adam.g, s.adam.m, s.adam.v = unsafe.Pointer(&p[0]), unsafe.Pointer(&g[0]), unsafe.Pointer(&m[0]), unsafe.Pointer(&v[0])
	s.adam.n = hi - lo
	callAdam(active.adam, &s.adam)
}

func plainAdam(p, g, m, v []float32, a *adamArgs) {
	for i := range p {
		d := a.scale * g[i]
		m[i] = a.b1*m[i] + a.r1*d
		v[i] = a.b2*v[i] + a.r2*d*d
		p[i] -= a.step * m[i] / (float32(math.Sqrt(float64(v[i]*a.corr))) + a.eps)
	}
}
