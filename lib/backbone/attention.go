package backbone

import "github.com/msflow-go/msflow/lib/internal/simd"

// attend sets out (dim,n) to the heads' attention of n tokens, for each head
//
//	out[c,i] = Σ_j softmax_j(Σ_d q[d,i]·k[d,j]) · v[c,j]
//
// from qkv (3,dim,n), whose queries hold the scores' factor already. The scores are stored by key and query, so both
// products read them without turning them, and the sum that softmax divides by is applied to the result.
func attend(s *scratch, out, qkv []float32, heads, n int) {
	d := len(out) / n / heads
	scores, peak, total := s.take(n*n), s.take(n), s.take(n)
	for h := range heads {
		head := func(part int) []float32 { return qkv[(part*heads+h)*d*n:][:d*n] }
		o := out[h*d*n:][:d*n]
		simd.Gemm(true, false, n, n, d, 1, head(1), n, head(0), n, 0, scores, n)
		softmaxColumns(scores, peak, total)
		simd.Gemm(false, false, d, n, n, 1, head(2), n, scores, n, 0, o, n)
		for c := range d {
			row := o[c*n:][:n]
			simd.Div(row, row, total)
		}
	}
	s.put(scores)
	s.put(peak)
	s.put(total)
}

// softmaxColumns sets each value of a square matrix to e^(value − the column's largest), and total to the columns' sums.
func softmaxColumns(m, peak, total []float32) {
	n := len(peak)
	copy(peak, m[:n])
	for r := 1; r < n; r++ {
		for i, v := range m[r*n:][:n] {
			if v > peak[i] {
				peak[i] = v
			}
		}
	}
	for r := range n {
		simd.Sub(m[r*n:][:n], m[r*n:][:n], peak)
	}
	simd.Exp(m, m)
	clear(total)
	for r := range n {
		simd.Add(total, total, m[r*n:][:n])
	}
}
