package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// TestCheckedInFilesAreCurrent fails when the kernels were edited by hand, or the generator without go generate.
func TestCheckedInFilesAreCurrent(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes; run go generate in lib/internal/simd", name)
		}
	}
}

func TestPolynomials(t *testing.T) {
	horner := func(c []float64, x float64) float64 {
		y := 0.0
		for i := len(c) - 1; i >= 0; i-- {
			y = y*x + c[i]
		}
		return y
	}
	for x := 0.01; x < 1; x += 0.01 {
		r, z := x*math.Ln2/2, x*x
		for what, e := range map[string]float64{
			"exp":  (1+r+r*r*horner(expPoly, r))/math.Exp(r) - 1,
			"atan": (x+x*z*horner(atanPoly, z))/math.Atan(x) - 1,
			"tanh": (0.625*x+0.625*x*0.390625*z*horner(tanhPoly, 0.390625*z))/math.Tanh(0.625*x) - 1,
			"log1p": func() float64 {
				s := x / (2 + x)
				return s*(2+s*s*horner(log1pPoly, s*s))/math.Log1p(x) - 1
			}(),
		} {
			if math.Abs(e) > 3e-8 {
				t.Errorf("%s at %g is off by %.2g, more than half a unit of float32", what, x, e)
			}
		}
	}
}
