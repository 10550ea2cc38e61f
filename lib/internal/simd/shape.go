package simd

import "fmt"

// ConvShape is the shape of a convolution of x (B,Cin,H,W) with w (Cout,Cin/Groups,KH,KW). Top, Bottom, Left and Right are
// rows and columns of zeros around x. Output pixel (oy,ox) sees input pixel (oy·StrideH+ky·DilationH−Top,
// ox·StrideW+kx·DilationW−Left) through weight (ky,kx).
type ConvShape struct {
	B, Cin, H, W             int
	Cout, KH, KW             int
	StrideH, StrideW         int
	Top, Bottom, Left, Right int
	DilationH, DilationW     int
	Groups                   int
	// RowW is how many values of w lie from one output channel's first weight to the next one's; 0 means that there are no
	// gaps. It lets w be a part of wider weights, for some of the input channels: pass them from the part's first weight
	// on.
	RowW int
}

// Out is the height and width of the output.
func (s ConvShape) Out() (oh, ow int) {
	return (s.H+s.Top+s.Bottom-s.DilationH*(s.KH-1)-1)/s.StrideH + 1,
		(s.W+s.Left+s.Right-s.DilationW*(s.KW-1)-1)/s.StrideW + 1
}

// check panics unless the shape is possible.
func (s ConvShape) check() {
	for _, n := range []int{s.B, s.Cin, s.H, s.W, s.Cout, s.KH, s.KW, s.StrideH, s.StrideW, s.DilationH, s.DilationW, s.Groups} {
		if n < 1 {
			panic(fmt.Sprintf("simd: convolution %+v: sizes, strides, dilations and groups must be positive", s))
		}
	}
	if s.Cin%s.Groups != 0 || s.Cout%s.Groups != 0 {
		panic(fmt.Sprintf("simd: convolution %+v: groups must divide the channels", s))
	}
	if s.RowW != 0 && s.RowW < s.filters() {
		panic(fmt.Sprintf("simd: convolution %+v: the weights of one output channel overlap those of the next", s))
	}
	if min(s.Top, s.Bottom, s.Left, s.Right) < 0 {
		panic(fmt.Sprintf("simd: convolution %+v: negative padding", s))
	}
	if s.H+s.Top+s.Bottom <= s.DilationH*(s.KH-1) || s.W+s.Left+s.Right <= s.DilationW*(s.KW-1) {
		panic(fmt.Sprintf("simd: convolution %+v: kernel larger than the padded image", s))
	}
}

// Numbers of values.
func (s ConvShape) lenX() int { return s.B * s.Cin * s.H * s.W }
func (s ConvShape) lenW() int { return (s.Cout-1)*s.rowW() + s.filters() }
func (s ConvShape) lenY() int {
	oh, ow := s.Out()
	return s.B * s.Cout * oh * ow
}

// filters is the number of weights of an output channel.
func (s ConvShape) filters() int { return s.Cin / s.Groups * s.KH * s.KW }

func (s ConvShape) rowW() int {
	if s.RowW == 0 {
		return s.filters()
	}
	return s.RowW
}

// sized returns the first n values of v.
func sized(what string, v []float32, n int) []float32 {
	if len(v) < n {
		panic(fmt.Sprintf("simd: %s has %d values, its shape needs %d", what, len(v), n))
	}
	return v[:n:n]
}
