package simd

// The loops that define the three passes of convolution, over one output channel, input channel or weight plane at a time.

// span returns the outputs lo ≤ o < hi whose input o·stride+shift lies in 0 ≤ i < n.
func span(n, outs, stride, shift int) (lo, hi int) {
	if shift < 0 {
		lo = (-shift + stride - 1) / stride
	}
	if shift < n {
		hi = min(outs, (n-1-shift)/stride+1)
	}
	return lo, max(lo, hi)
}

// eachTap calls f for every weight and output row that see a row of the image: weight (ky,kx), output row oy and its
// columns x0 ≤ ox < x1, input row iy, and the input column of x0.
func (s ConvShape) eachTap(f func(ky, kx, oy, x0, x1, iy, ix int)) {
	oh, ow := s.Out()
	for ky := range s.KH {
		y0, y1 := span(s.H, oh, s.StrideH, ky*s.DilationH-s.Top)
		for kx := range s.KW {
			shift := kx*s.DilationW - s.Left
			x0, x1 := span(s.W, ow, s.StrideW, shift)
			for oy := y0; oy < y1; oy++ {
				f(ky, kx, oy, x0, x1, oy*s.StrideH+ky*s.DilationH-s.Top, x0*s.StrideW+shift)
			}
		}
	}
}

func plainConv2D(y, x, w, bias []float32, s ConvShape, then Finish) {
	oh, ow := s.Out()
	cig, cog := s.Cin/s.Groups, s.Cout/s.Groups
	Parallel(s.B*s.Cout, func(i int) {
		b, o := i/s.Cout, i%s.Cout
		out := y[i*oh*ow : (i+1)*oh*ow]
		for p := range out {
			if !then.Add {
				out[p] = 0
			}
			if bias != nil {
				out[p] += bias[o]
			}
		}
		for c := range cig {
			in := x[(b*s.Cin+o/cog*cig+c)*s.H*s.W:][:s.H*s.W]
			taps := w[o*s.rowW()+c*s.KH*s.KW:][:s.KH*s.KW]
			s.eachTap(func(ky, kx, oy, x0, x1, iy, ix int) {
				k, row, src := taps[ky*s.KW+kx], out[oy*ow:(oy+1)*ow], in[iy*s.W:(iy+1)*s.W]
				for ox := x0; ox < x1; ox++ {
					row[ox] += k * src[ix]
					ix += s.StrideW
				}
			})
		}
		if then.Clamp {
			plainClamp(out, out, nil, then.Lo, then.Hi)
		}
	})
}

func plainGradInput(dx, dy, w []float32, s ConvShape) {
	oh, ow := s.Out()
	cig, cog := s.Cin/s.Groups, s.Cout/s.Groups
	Parallel(s.B*s.Cin, func(i int) {
		b, c := i/s.Cin, i%s.Cin
		in := dx[i*s.H*s.W : (i+1)*s.H*s.W]
		clear(in)
		for j := range cog {
			o := c/cig*cog + j
			grad := dy[(b*s.Cout+o)*oh*ow:][:oh*ow]
			taps := w[o*s.rowW()+c%cig*s.KH*s.KW:][:s.KH*s.KW]
			s.eachTap(func(ky, kx, oy, x0, x1, iy, ix int) {
				k, row, dst := taps[ky*s.KW+kx], grad[oy*ow:(oy+1)*ow], in[iy*s.W:(iy+1)*s.W]
				for ox := x0; ox < x1; ox++ {
					dst[ix] += k * row[ox]
					ix += s.StrideW
				}
			})
		}
	})
}

func plainGradWeight(dw, x, dy []float32, s ConvShape) {
	oh, ow := s.Out()
	cig, cog := s.Cin/s.Groups, s.Cout/s.Groups
	Parallel(s.Cout*cig, func(i int) {
		o, c := i/cig, i%cig
		taps := dw[o*s.rowW()+c*s.KH*s.KW:][:s.KH*s.KW]
		clear(taps)
		for b := range s.B {
			in := x[(b*s.Cin+o/cog*cig+c)*s.H*s.W:][:s.H*s.W]
			grad := dy[(b*s.Cout+o)*oh*ow:][:oh*ow]
			s.eachTap(func(ky, kx, oy, x0, x1, iy, ix int) {
				row, src := grad[oy*ow:(oy+1)*ow], in[iy*s.W:(iy+1)*s.W]
				sum := float32(0)
				for ox := x0; ox < x1; ox++ {
					sum += row[ox] * src[ix]
					ix += s.StrideW
				}
				taps[ky*s.KW+kx] += sum
			})
		}
	})
}
