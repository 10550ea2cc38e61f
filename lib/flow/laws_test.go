package flow

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// everyLaw runs check for all rows and shapes, with parameters away from where they start.
func everyLaw(t *testing.T, dt tensor.Dtype, check func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand)) {
	for _, l := range laws() {
		for _, maps := range l.maps {
			t.Run(fmt.Sprintf("%s%v", l.name, maps), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				b, err := l.build(rng, maps)
				if err != nil {
					t.Fatal(err)
				}
				unsettle(b, rng)
				Cast(b, dt)
				orthogonalize(b)
				check(t, l, b, maps, rng)
			})
		}
	}
}

// unsettle moves the parameters, and gives running statistics some history.
func unsettle(b Block, rng *rand.Rand) {
	for _, p := range b.Params() {
		v := p.Float32s()
		for i := range v {
			switch {
			case strings.HasSuffix(p.Name, "running_var"):
				v[i] = 0.5 + rng.Float32()
			case !p.Frozen || strings.HasSuffix(p.Name, "running_mean"):
				v[i] += float32(0.4 * rng.NormFloat64())
			}
		}
	}
}

// orthogonalize makes fixed orthogonal matrices, which are stored in float32, orthogonal to float64's rounding.
func orthogonalize(b Block) {
	var last *Param
	for _, p := range b.Params() {
		s := p.Value.Shape()
		if !p.Frozen || p.Value.Dtype() != tensor.Float64 || len(s) < 2 {
			continue
		}
		if strings.HasSuffix(p.Name, "_inv") {
			copy(p.Value.Float64s(), transposed(last.Value.Float64s(), s[0]))
		} else {
			orthonormalRows(p.Value.Float64s(), s[0])
		}
		last = p
	}
}

func randomBatch(n int, maps []Map, dt tensor.Dtype, rng *rand.Rand) []*tensor.Dense {
	var x []*tensor.Dense
	for _, m := range maps {
		x = append(x, gaussian(n, m, 1, dt, rng))
	}
	return x
}

// apply runs one direction of a block.
func apply(t *testing.T, b Block, l law, x []*tensor.Dense) ([]*tensor.Dense, []float64) {
	t.Helper()
	n, maps, err := batchOf(x)
	if err != nil {
		t.Fatal(err)
	}
	r, err := compile(b, n, maps, append([]TapeOption{Dtype(x[0].Dtype())}, l.opts...))
	if err != nil {
		t.Fatal(err)
	}
	z, logdet, err := r.Run(context.Background(), x...)
	if err != nil {
		t.Fatal(err)
	}
	return z, logdet
}

// Law: Out tells the shapes that Forward gives, In those that Inverse gives, and the number of values is kept.
func TestShapes(t *testing.T) {
	everyLaw(t, tensor.Float32, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		out, err := b.Out(maps)
		if err != nil {
			t.Fatal(err)
		}
		z, logdet := apply(t, b, l, randomBatch(3, maps, tensor.Float32, rng))
		if _, got, _ := batchOf(z); !slices.Equal(got, out) || len(logdet) != 3 {
			t.Errorf("Out says %v, Forward gives %v and %d log-determinants", out, got, len(logdet))
		}
		if in, err := inShapes(b, out); err != nil || !slices.Equal(in, maps) {
			t.Errorf("the input of %v is taken for %v (%v)", out, in, err)
		}
		if count(out) != count(maps) {
			t.Errorf("%d values become %d", count(maps), count(out))
		}
	})
}

func count(ms []Map) int {
	n := 0
	for _, m := range ms {
		n += m.Len()
	}
	return n
}

// Law: Inverse(Forward(x)) is x, and the log-determinants are opposite.
func TestRoundTrip(t *testing.T) {
	for dt, tolerance := range map[tensor.Dtype]float64{tensor.Float32: 1e-4, tensor.Float64: 1e-9} {
		t.Run(dt.String(), func(t *testing.T) {
			everyLaw(t, dt, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
				x := randomBatch(3, maps, dt, rng)
				z, forward := apply(t, b, l, x)
				back, inverse := apply(t, NewInverse(b), l, z)
				for i := range x {
					if e := relative(values(back[i]), values(x[i])); !(e <= tolerance) {
						t.Errorf("map %d comes back with relative error %.2g", i, e)
					}
				}
				for i := range forward {
					if e := math.Abs(forward[i] + inverse[i]); !(e <= tolerance*(1+math.Abs(forward[i]))) {
						t.Errorf("log-determinants %g and %g are not opposite", forward[i], inverse[i])
					}
				}
			})
		})
	}
}

// relative is ‖a−b‖/‖b‖.
func relative(a, b []float64) float64 {
	var d, n float64
	for i := range b {
		d += (a[i] - b[i]) * (a[i] - b[i])
		n += b[i] * b[i]
	}
	return math.Sqrt(d) / max(math.Sqrt(n), 1e-300)
}

// Law: logdet is ln|det| of the Jacobian, here by central differences of all inputs at once: one row of the batch for each.
func TestJacobian(t *testing.T) {
	const h = 1e-5
	everyLaw(t, tensor.Float64, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		n := count(maps)
		x := randomBatch(1, maps, tensor.Float64, rng)
		rows := flatten(x, 1)[0]
		shifted := make([][]float64, 2*n)
		for i := range shifted {
			shifted[i] = slices.Clone(rows)
			shifted[i][i/2] += h * float64(1-2*(i%2))
		}
		z, _ := apply(t, b, l, unflatten(shifted, maps))
		out := flatten(z, 2*n)
		jacobian := mat.NewDense(n, n, nil)
		for i := range n {
			for k := range n {
				jacobian.Set(k, i, (out[2*i][k]-out[2*i+1][k])/(2*h))
			}
		}
		want, _ := mat.LogDet(jacobian)
		if _, got := apply(t, b, l, x); !(math.Abs(got[0]-want) <= 1e-6*(1+math.Abs(want))) {
			t.Errorf("log-determinant %g, that of the Jacobian is %g", got[0], want)
		}
	})
}

// flatten puts the maps of each of n samples into one row.
func flatten(x []*tensor.Dense, n int) [][]float64 {
	rows := make([][]float64, n)
	for _, v := range x {
		data := values(v)
		size := len(data) / n
		for i := range rows {
			rows[i] = append(rows[i], data[i*size:(i+1)*size]...)
		}
	}
	return rows
}

// unflatten undoes flatten.
func unflatten(rows [][]float64, maps []Map) []*tensor.Dense {
	var x []*tensor.Dense
	at := 0
	for _, m := range maps {
		var data []float64
		for _, r := range rows {
			data = append(data, r[at:at+m.Len()]...)
		}
		at += m.Len()
		x = append(x, tensor.New(tensor.WithShape(len(rows), m.C, m.H, m.W), tensor.WithBacking(data)))
	}
	return x
}

// Law: parameters have unique names, and Params returns the same ones each time.
func TestParams(t *testing.T) {
	everyLaw(t, tensor.Float32, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		ps := b.Params()
		if !slices.Equal(ps, b.Params()) {
			t.Error("Params differs from call to call")
		}
		seen := map[string]bool{}
		for _, p := range ps {
			if seen[p.Name] {
				t.Errorf("two parameters are named %s", p.Name)
			}
			seen[p.Name] = true
		}
	})
}

// Law: maps that do not fit are refused with an error in both directions, never a panic.
func TestWrongShapes(t *testing.T) {
	everyLaw(t, tensor.Float32, func(t *testing.T, l law, b Block, maps []Map, rng *rand.Rand) {
		for _, bad := range [][]Map{nil, append(slices.Clone(maps), Map{1, 1, 1}), {{97, 7, 11}}} {
			tape := NewTape(2, l.opts...)
			var in []*G.Node
			for i, m := range bad {
				in = append(in, tape.Input(fmt.Sprint(i), m))
			}
			if _, err := b.Out(bad); err == nil {
				t.Errorf("Out accepts %v", bad)
			}
			if _, _, err := b.Forward(tape, in); err == nil {
				t.Errorf("Forward accepts %v", bad)
			}
			if _, _, err := b.Inverse(tape, in); err == nil {
				t.Errorf("Inverse accepts %v", bad)
			}
		}
	})
}
