package hlo

import (
	"strings"
	"testing"
)

// TestText: the program as XLA reads it.
func TestText(t *testing.T) {
	f := New("test")
	x, w := f.Arg(Of(F32, 2, 3)), f.Arg(Of(F32, 2, 3))
	y := f.Add(f.Scale(x, 0.5), w)
	f.Return(f.Sum(y, 0, 1), y)
	f.Donate(1, 1)
	want := `module @test {
  func.func @main(%v0: tensor<2x3xf32>, %v1: tensor<2x3xf32> {tf.aliasing_output = 1 : i32}) -> (tensor<f32>, tensor<2x3xf32>) {
    %v2 = "stablehlo.constant"() {value = dense<0x3F000000> : tensor<f32>} : () -> tensor<f32>
    %v3 = "stablehlo.broadcast_in_dim"(%v2) {broadcast_dimensions = array<i64>} : (tensor<f32>) -> tensor<2x3xf32>
    %v4 = "stablehlo.multiply"(%v0, %v3) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %v5 = "stablehlo.add"(%v4, %v1) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    %v6 = "stablehlo.constant"() {value = dense<0x00000000> : tensor<f32>} : () -> tensor<f32>
    %v7 = "stablehlo.reduce"(%v5, %v6) ({
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %c = "stablehlo.add"(%a, %b) : (tensor<f32>, tensor<f32>) -> tensor<f32>
        "stablehlo.return"(%c) : (tensor<f32>) -> ()
    }) {dimensions = array<i64: 0, 1>} : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    "func.return"(%v7, %v5) : (tensor<f32>, tensor<2x3xf32>) -> ()
  }
}
`
	if got := f.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestConstants(t *testing.T) {
	for want, c := range map[string]*Literal{
		"dense<0x7F800000> : tensor<f32>":                 {Of(F32), []float64{2e38 * 2}},
		"dense<-3> : tensor<i32>":                         {Of(I32), []float64{-3}},
		"dense<0x3F80> : tensor<bf16>":                    {Of(BF16), []float64{1}},
		"dense<\"0x0000803F000000C0\"> : tensor<2xf32>":   {Of(F32, 2), []float64{1, -2}},
		"dense<\"0x0100000002000000\"> : tensor<1x2xi32>": {Of(I32, 1, 2), []float64{1, 2}},
		"dense<0x3FF0000000000000> : tensor<3xf64>":       {Of(F64, 3), []float64{1}},
	} {
		if got := c.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestMistakes: what does not fit panics with the op and the shapes.
func TestMistakes(t *testing.T) {
	f := New("test")
	a, b := f.Arg(Of(F32, 2, 3)), f.Arg(Of(F32, 4))
	for want, do := range map[string]func(){
		"add of tensor<2x3xf32> and tensor<4xf32>": func() { f.Add(a, b) },
		"reshape of tensor<4xf32> to [3]":          func() { f.Reshape(b, 3) },
		"concatenation":                            func() { f.Concat(0, a, b) },
		"take of element 7":                        func() { f.Take(b, 0, []int{7}) },
		"slice of tensor<4xf32>":                   func() { f.SliceAxis(b, 0, 2, 9) },
		"product of":                               func() { f.Dot(a, b, DotAxes{ContractA: []int{1}, ContractB: []int{0}}, Highest) },
	} {
		func() {
			defer func() {
				if r, _ := recover().(string); !strings.Contains(r, want) {
					t.Errorf("panic %q, want one with %q", r, want)
				}
			}()
			do()
		}()
	}
}
