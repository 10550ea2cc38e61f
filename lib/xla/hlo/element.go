package hlo

// Unary applies one of StableHLO's functions of one argument to every element: exponential, log, log_plus_one,
// exponential_minus_one, tanh, logistic, sqrt, rsqrt, cbrt, negate, abs, sign, sine, cosine, floor, ceil.
func (f *Func) Unary(name string, x *Value) *Value { return f.add(name, x.Type, []*Value{x}) }

// Binary joins two tensors of one type element by element: add, subtract, multiply, divide, maximum, minimum, power,
// atan2, and, or.
func (f *Func) Binary(name string, a, b *Value) *Value {
	check(a.Equal(b.Type), "%s of %v and %v", name, a.Type, b.Type)
	return f.add(name, a.Type, []*Value{a, b})
}

// Add, Sub, Mul, Div and Max are the commonest Binary ops.
func (f *Func) Add(a, b *Value) *Value { return f.Binary("add", a, b) }

// Sub is a−b.
func (f *Func) Sub(a, b *Value) *Value { return f.Binary("subtract", a, b) }

// Mul is a⊙b.
func (f *Func) Mul(a, b *Value) *Value { return f.Binary("multiply", a, b) }

// Div is a/b.
func (f *Func) Div(a, b *Value) *Value { return f.Binary("divide", a, b) }

// Max is the larger of each two elements.
func (f *Func) Max(a, b *Value) *Value { return f.Binary("maximum", a, b) }

// Scale is k·x.
func (f *Func) Scale(x *Value, k float64) *Value { return f.Mul(x, f.Splat(x.Type, k)) }

// AddConst is x+k.
func (f *Func) AddConst(x *Value, k float64) *Value { return f.Add(x, f.Splat(x.Type, k)) }

// Clamp limits x to [lo,hi].
func (f *Func) Clamp(x *Value, lo, hi float64) *Value {
	return f.add("clamp", x.Type, []*Value{f.Scalar(x.DType, lo), x, f.Scalar(x.DType, hi)})
}

// Compare is a comparison: EQ, NE, GE, GT, LE or LT.
type Compare string

// String is the comparison as MLIR writes it.
func (c Compare) String() string { return "#stablehlo<comparison_direction " + string(c) + ">" }

// Compare is true where a and b stand in the relation c.
func (f *Func) Compare(c Compare, a, b *Value) *Value {
	check(a.Equal(b.Type), "%s of %v and %v", c, a.Type, b.Type)
	return f.add("compare", Of(Bool, a.Dims...), []*Value{a, b}, Attr{"comparison_direction", c})
}

// Select is a where p is true and b elsewhere; p may be a scalar.
func (f *Func) Select(p, a, b *Value) *Value {
	check(a.Equal(b.Type) && p.DType == Bool, "select by %v of %v and %v", p.Type, a.Type, b.Type)
	return f.add("select", a.Type, []*Value{p, a, b})
}

// IsFinite is true where x is neither infinite nor NaN.
func (f *Func) IsFinite(x *Value) *Value {
	return f.add("is_finite", Of(Bool, x.Dims...), []*Value{x})
}

// Convert changes the element type. A float becomes an integer by truncation.
func (f *Func) Convert(x *Value, d DType) *Value {
	if x.DType == d {
		return x
	}
	return f.add("convert", Of(d, x.Dims...), []*Value{x})
}
