package main

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"unsafe"
)

// block is an argument block: fields by byte offset.
type block [128]byte

func (b *block) pointer(off int, v []float32) { *(**float32)(unsafe.Pointer(&b[off])) = &v[0] }
func (b *block) int(off, v int)               { *(*int)(unsafe.Pointer(&b[off])) = v }
func (b *block) float(off int, v float32)     { *(*float32)(unsafe.Pointer(&b[off])) = v }

func random(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = r.Float32()*2 - 1
	}
	return v
}

func near(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol) {
			t.Fatalf("%s[%d] = %g, want %g", what, i, got[i], want[i])
		}
	}
}

func machines(t *testing.T, f func(t *testing.T, m *machine, s isa, r *rand.Rand)) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []isa{avx2, avx512} {
		t.Run(s.name, func(t *testing.T) { f(t, load(string(files["kernels_amd64.s"])), s, rand.New(rand.NewPCG(1, 2))) })
	}
}

// sizes are the numbers of rows a kernel exists for.
func sizes(s isa, narrow, wide int) int {
	if s.lanes == 16 {
		return wide
	}
	return narrow
}

func TestTile(t *testing.T) {
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		const k, row, ldc = 7, 9, 64
		for rows := 1; rows <= sizes(s, 6, 14); rows++ {
			for mode := range 16 { // accumulate, bias, partial vectors, clamp
				a, b, c, bias := random(r, rows*row), random(r, k*64), random(r, rows*ldc), random(r, rows)
				want := append([]float32(nil), c...)
				var table [2 * k]int32
				for i := range k {
					table[2*i], table[2*i+1] = int32(4*i*33), int32(4*(k-1-i))
				}
				n := [2]int{s.lanes, s.lanes}
				if mode&4 != 0 {
					n = [2]int{s.lanes - 1, 2}
				}
				place := [6]int32{8, int32(4 + 4*s.lanes), 0, int32(4 * s.lanes), int32(n[0]), int32(n[1])}
				var p block
				p.pointer(tileA, a)
				p.pointer(tileB, b)
				p.pointer(tileC, c)
				*(**int32)(unsafe.Pointer(&p[tileTab])) = &table[0]
				*(**int32)(unsafe.Pointer(&p[tileTiles])) = &place[0]
				p.int(tileK, k)
				p.int(tileAS, 4*row)
				p.int(tileLdc, 4*ldc)
				p.int(tileAcc, mode&1)
				p.int(tileCount, 1)
				if mode&2 != 0 {
					p.pointer(tileBias, bias)
				}
				if mode&8 != 0 {
					p.int(tileClamp, 1)
					p.float(tileLo, -0.5)
					p.float(tileHi, 0.25)
				}
				m.call(tileName(s, rows), unsafe.Pointer(&p))
				for q := range rows {
					for v := range 2 {
						for i := range n[v] {
							sum := 0.0
							if mode&2 != 0 {
								sum = float64(bias[q])
							}
							for j := range k {
								sum += float64(a[q*row+k-1-j]) * float64(b[int(place[v])/4+j*33+i])
							}
							at := q*ldc + v*s.lanes + i
							if mode&1 != 0 {
								sum += float64(want[at])
							}
							if mode&8 != 0 {
								sum = min(max(sum, -0.5), 0.25)
							}
							want[at] = float32(sum)
						}
					}
				}
				near(t, tileName(s, rows), c, want, 1e-5)
			}
		}
	})
}

func TestDepth(t *testing.T) {
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		const k = 9
		for mode := range 4 { // bias, clamp
			a, b, c := random(r, k), random(r, 2*k+8*s.lanes), make([]float32, 7*s.lanes)
			want := make([]float32, len(c))
			var table [2 * k]int32
			for i := range k {
				table[2*i], table[2*i+1] = int32(8*i), int32(4*(k-1-i))
			}
			var place [18]int32
			for i := range 6 {
				place[i], place[6+i], place[12+i] = int32(4*(i*s.lanes+1)), int32(4*(i*s.lanes+3)), int32(s.lanes-i%3)
			}
			var p block
			p.pointer(tileA, a)
			p.pointer(tileB, b)
			p.pointer(tileC, c)
			*(**int32)(unsafe.Pointer(&p[tileTab])) = &table[0]
			*(**int32)(unsafe.Pointer(&p[tileTiles])) = &place[0]
			p.int(tileK, k)
			p.int(tileCount, 1)
			bias := []float32{0.125}
			if mode&1 != 0 {
				p.pointer(tileBias, bias)
			}
			if mode&2 != 0 {
				p.int(tileClamp, 1)
				p.float(tileLo, -0.5)
				p.float(tileHi, 0.25)
			}
			m.call("depth"+s.name, unsafe.Pointer(&p))
			for v := range 6 {
				for i := range s.lanes - v%3 {
					sum := float64(bias[0]) * float64(mode&1)
					for j := range k {
						sum += float64(a[k-1-j]) * float64(b[v*s.lanes+1+2*j+i])
					}
					if mode&2 != 0 {
						sum = min(max(sum, -0.5), 0.25)
					}
					want[v*s.lanes+3+i] = float32(sum)
				}
			}
			near(t, "depth"+s.name, c, want, 1e-5)
		}
	})
}

// TestStack compares the kernels with the sums of the convolution they compute.
func TestStack(t *testing.T) {
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		for _, k := range []int{3, sizes(s, 3, 5)} {
			for mode := range 4 { // clamp, partial vectors
				row := s.lanes + k
				a, b, c, bias := random(r, k*k), random(r, (stackRows+k)*row), make([]float32, stackRows*(s.lanes+1)), []float32{0.125}
				want, n := make([]float32, len(c)), s.lanes-mode&1*3
				place := [6]int32{4, int32(n)}
				for y := range stackRows {
					place[2+y] = int32(4 * (stackRows - 1 - y) * (s.lanes + 1))
				}
				var p block
				p.pointer(tileA, a)
				p.pointer(tileB, b)
				p.pointer(tileC, c)
				p.pointer(tileBias, bias)
				*(**int32)(unsafe.Pointer(&p[tileTiles])) = &place[0]
				p.int(tileAS, 4*row)
				p.int(tileCount, 1)
				p.int(tileClamp, mode>>1)
				p.float(tileLo, -0.5)
				p.float(tileHi, 0.25)
				m.call("stack"+s.name+"_"+strconv.Itoa(k), unsafe.Pointer(&p))
				for y := range stackRows {
					for i := range n {
						sum := float64(bias[0])
						for j := range k * k {
							sum += float64(a[j]) * float64(b[(y+j/k)*row+j%k+i+1])
						}
						if mode>>1 != 0 {
							sum = min(max(sum, -0.5), 0.25)
						}
						want[int(place[2+y])/4+i] = float32(sum)
					}
				}
				near(t, "stack"+s.name, c, want, 1e-5)
			}
		}
	})
}

func tileName(s isa, rows int) string { return "tile" + s.name + "_" + strconv.Itoa(rows) }

func TestPlanes(t *testing.T) {
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		for rows := 1; rows <= sizes(s, 6, 14); rows++ {
			testPlanes(t, m, "planes"+s.name, rows, 2*s.lanes, rows%2, r)
		}
		for rows := 1; rows <= sizes(s, 0, 27); rows++ {
			testPlanes(t, m, "narrow"+s.name, rows, s.lanes, rows%2, r)
		}
	})
}

func testPlanes(t *testing.T, m *machine, kernel string, rows, w, acc int, r *rand.Rand) {
	const k, n, row, panels = 6, 3, 8, 2
	all := panels * rows
	a, b, c := random(r, n*all*row), random(r, n*k*w), random(r, n*all*w)
	want := make([]float32, len(c))
	if acc != 0 {
		copy(want, c)
	}
	var p block
	p.pointer(planeA, a)
	p.pointer(planeB, b)
	p.pointer(planeC, c)
	p.int(planeK, k)
	p.int(planeAS, 4*row)
	p.int(planeNextA, 4*all*row)
	p.int(planeNextB, 4*k*w)
	p.int(planeNextC, 4*all*w)
	p.int(planeN, n)
	p.int(planeStepA, 4*rows*row)
	p.int(planeStepC, 4*rows*w)
	p.int(planePanels, panels)
	p.int(planeAcc, acc)
	m.call(kernel+"_"+strconv.Itoa(rows), unsafe.Pointer(&p))
	for i := range want {
		q, row0, col := i/(all*w), i/w%all, i%w
		for j := range k {
			want[i] += a[(q*all+row0)*row+j] * b[(q*k+j)*w+col]
		}
	}
	near(t, kernel, c, want, 1e-5)
}

func TestDot(t *testing.T) {
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		const channel = 100
		for rows := 1; rows <= sizes(s, 4, 9); rows++ {
			for acc := range 2 {
				y, x, out := random(r, rows*channel), random(r, 200), random(r, rows*5)
				want := append([]float32(nil), out...)
				full, tail := 3, s.lanes-3
				places := [8]int32{}
				for i := range 4 {
					places[2*i], places[2*i+1] = int32(4*i*s.lanes), int32(4*(i*s.lanes+1))
				}
				var p block
				p.pointer(dotY, y)
				p.pointer(dotX0, x)
				p.pointer(dotX1, x[40:])
				p.pointer(dotX2, x[50:])
				p.pointer(dotOut, out)
				*(**int32)(unsafe.Pointer(&p[dotTab])) = &places[0]
				p.int(dotFull, full)
				p.int(dotPart, 1)
				p.int(dotTail, tail)
				p.int(dotYChan, 4*channel)
				p.int(dotLdOut, 20)
				p.int(dotAcc, acc)
				m.call("dot"+s.name+"_"+strconv.Itoa(rows), unsafe.Pointer(&p))
				for q := range rows {
					for j, from := range []int{0, 40, 50} {
						sum := 0.0
						for i := range full*s.lanes + tail {
							sum += float64(y[q*channel+i]) * float64(x[from+i+1])
						}
						if acc != 0 {
							sum += float64(want[q*5+j])
						}
						want[q*5+j] = float32(sum)
					}
				}
				near(t, "dot", out, want, 1e-5)
			}
		}
	})
}

// TestElements compares the two instruction sets bit by bit, special values included.
func TestElements(t *testing.T) {
	results := map[string][]float32{}
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		for _, e := range elements {
			a, b, dst := random(r, 53), random(r, 53), make([]float32, 53)
			for i, v := range []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), -1, 1e-42, 100, -100, 1e30} {
				a[5*i] = float32(v)
			}
			var p block
			p.pointer(mapDst, dst)
			p.pointer(mapA, a)
			p.pointer(mapB, b)
			p.int(mapN, len(a)-1)
			p.float(mapK, -0.5)
			p.float(mapL, 0.25)
			m.call(e.name+s.name, unsafe.Pointer(&p))
			if dst[52] != 0 {
				t.Errorf("%s%s wrote past its array", e.name, s.name)
			}
			if s.lanes == 8 {
				results[e.name] = dst
				continue
			}
			for i, want := range results[e.name] {
				if math.Float32bits(dst[i]) != math.Float32bits(want) && (dst[i] == dst[i] || want == want) {
					t.Errorf("%s(%g, %g) = %g with AVX-512, %g with AVX2", e.name, a[i], b[i], dst[i], want)
				}
			}
		}
		x := []float32{1}
		var p block
		p.pointer(mapDst, x)
		p.pointer(mapA, x)
		p.int(mapN, 1)
		m.call("exp"+s.name, unsafe.Pointer(&p))
		near(t, "e", x, []float32{math.E}, 1e-6)
	})
}

func TestAdamAndNorm(t *testing.T) {
	results := map[string][]float32{}
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		keep := func(name string, got []float32) {
			if s.lanes == 8 {
				results[name] = got
			} else {
				near(t, name, got, results[name], 1e-6)
			}
		}
		p := random(r, 4*37)
		for i := 3 * 37; i < len(p); i++ {
			p[i] *= p[i]
		}
		var a block
		for i, off := range []int{adamP, adamG, adamM, adamV} {
			a.pointer(off, p[37*i:])
		}
		a.int(adamN, 37)
		for i, off := range []int{adamScale, adamB1, adamR1, adamB2, adamR2, adamStep, adamCorr, adamEps} {
			a.float(off, 0.1*float32(i+1))
		}
		m.call("adam"+s.name, unsafe.Pointer(&a))
		keep("adam", p)

		const channels, pixels = 5, 77
		x, dy, y, gain, stats := random(r, channels*pixels), random(r, channels*pixels), make([]float32, channels*pixels), random(r, 2*channels), make([]float32, 2*pixels)
		part := make([]float32, 32*channels)
		var n block
		n.pointer(normX, x)
		n.pointer(normY, y)
		n.pointer(normDY, dy)
		n.pointer(normDX, dy)
		n.pointer(normGain, gain)
		n.pointer(normBias, gain[channels:])
		n.pointer(normMean, stats)
		n.pointer(normRstd, stats[pixels:])
		n.pointer(normPart, part)
		n.int(normChannels, channels)
		n.int(normPlane, 4*pixels)
		n.int(normN, pixels)
		n.float(normRC, 1.0/channels)
		n.float(normEps, 0.01)
		m.call("norm"+s.name, unsafe.Pointer(&n))
		m.call("normGrad"+s.name, unsafe.Pointer(&n))
		keep("normalised", y)
		keep("statistics", stats)
		keep("gradient", dy)
		sums := make([]float32, 2*channels)
		for i, v := range part {
			sums[i/16] += v
		}
		for i := range sums {
			sums[i] /= pixels
		}
		keep("gain's gradient", sums)
	})
}

// TestWinogradPairs holds AVX-512's transforms of sixteen tiles, in pairs of neighbours, and of sixteen filters against
// AVX2's of eight.
func TestWinogradPairs(t *testing.T) {
	const xi, row, tiles = 40, 70, 16
	results := map[string][]float32{}
	machines(t, func(t *testing.T, m *machine, s isa, r *rand.Rand) {
		src, dst, temporary := random(r, 36*(xi+row)), make([]float32, 36*(xi+row)), make([]float32, 8*6*16)
		for _, k := range []struct {
			kernel  string
			tiled   bool
			planes  bool // the result is 36 planes of tiles
			row, to int
		}{
			{"winoInput", true, true, row, 0}, {"winoGrad", true, true, row, 0}, {"winoOutput", true, false, row, 0},
			{"winoFilter", false, true, 9, s.lanes}, {"winoFlipped", false, true, 9, s.lanes}, {"winoFilterGrad", false, false, 0, 0},
		} {
			clear(dst)
			var p block
			var places [tiles]int32
			for i := range places { // tiles 4 columns apart, AVX-512's in pairs
				places[i] = int32(16 * i)
				if s.lanes == 16 {
					places[i] = int32(32 * i)
				}
			}
			p.pointer(winoSrc, src)
			p.pointer(winoDst, dst)
			p.pointer(winoTmp, temporary)
			*(**int32)(unsafe.Pointer(&p[winoOffsets])) = &places[0]
			p.int(winoRow, 4*k.row)
			p.int(winoXi, 4*xi)
			p.int(winoGroups, tiles/s.lanes)
			p.int(winoFrom, 36*s.lanes)
			p.int(winoTo, 4*k.to)
			p.float(winoBias, 0.125)
			p.float(winoLo, -0.5)
			p.float(winoHi, 0.25)
			from := src
			if s.lanes == 16 && k.kernel == "winoOutput" { // the order of the pairs
				from = make([]float32, len(src))
				for q := range 36 {
					for i := range tiles {
						from[q*xi+i] = src[q*xi+pairPlace(i)]
					}
				}
				p.pointer(winoSrc, from)
			}
			m.call(k.kernel+s.name, unsafe.Pointer(&p))
			if s.lanes == 8 {
				results[k.kernel] = append([]float32(nil), dst...)
				continue
			}
			for i, want := range results[k.kernel] {
				at := i
				if k.tiled && k.planes && i < 36*xi && i%xi < tiles {
					for j := range tiles {
						if pairPlace(j) == i%xi {
							at = i/xi*xi + j
						}
					}
				}
				if dst[at] != want {
					t.Fatalf("%s: [%d] = %g with AVX-512, %g with AVX2", k.kernel, i, dst[at], want)
				}
			}
		}
	})
}

// pairPlace is the tile in place i of a register: the first tiles of pairs 0 to 3, their second ones, and those of pairs 4
// to 7.
func pairPlace(i int) int { return i/8*8 + i%4*2 + i/4%2 }
