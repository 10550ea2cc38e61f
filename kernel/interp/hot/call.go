package hot

import (
	"reflect"

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// call compiles calls of functions of numbers: the program's own, math's and built-in ones.
func (c *compiler) call(in *ssa.Call) bool {
	switch f := in.Call.Value.(type) {
	case *ssa.Builtin:
		switch f.Name() {
		case "len":
			return c.length(in)
		case "min", "max":
			return c.extreme(in, f.Name() == "max")
		}
	case *ssa.Function:
		if isMath(f) {
			return c.callMath(in, f.Name())
		}
		return c.callPure(in, f)
	}
	return false
}

func isMath(f *ssa.Function) bool { return f.Pkg != nil && f.Pkg.Pkg.Path() == "math" }

// callPure calls a function of numbers that is compiled too.
func (c *compiler) callPure(in *ssa.Call, f *ssa.Function) bool {
	if !ofNumbers(f) || len(in.Call.Args) != len(f.Params) {
		return false
	}
	var callee *code
	if c.batch == nil {
		callee = c.pureCode(f)
	} else if c.addPure(c.batch, f) {
		callee = c.batch[f]
	}
	if callee == nil {
		return false
	}
	results, ok := c.resultSlots(in)
	if !ok {
		return false
	}
	var args []slot
	for _, a := range in.Call.Args {
		args = append(args, c.inSlot(c.operand(a)))
	}
	pc := c.pcs[in]
	c.code.calls[pc] = callee
	c.do(callOp(c.code, callee, pc, args, results))
	return true
}

// resultSlots are where the results of a call go.
func (c *compiler) resultSlots(in *ssa.Call) (list []slot, ok bool) {
	n := in.Call.Signature().Results().Len()
	if n == 1 {
		return []slot{c.slotOf(in)}, true
	}
	if !c.onlyUsers(in, func(user ssa.Instruction) bool { _, ok := user.(*ssa.Extract); return ok }) {
		return nil, false
	}
	for range n {
		list = append(list, c.newSlot())
	}
	c.tuples[in] = list
	return list, true
}

// extract takes one of several results.
func (c *compiler) extract(in *ssa.Extract) bool {
	list, ok := c.tuples[in.Tuple]
	if !ok {
		return false
	}
	c.do(moveOne(move{c.slotOf(in), operand{slot: list[in.Index]}}))
	return true
}

func callOp(caller, callee *code, pc int, args, results []slot) op {
	if len(args) == 1 && len(results) == 1 {
		arg, result := args[0], results[0]
		return func(w *window) {
			n := w.next(caller, callee, pc)
			*at[uint64](n, firstSlot) = *at[uint64](w, arg)
			callee.run(n, callee.entry)
			*at[uint64](w, result) = *at[uint64](n, firstSlot)
		}
	}
	return func(w *window) {
		n := w.next(caller, callee, pc)
		for k, arg := range args {
			*at[uint64](n, slotAt(k)) = *at[uint64](w, arg)
		}
		callee.run(n, callee.entry)
		for k, result := range results {
			*at[uint64](w, result) = *at[uint64](n, slotAt(k))
		}
	}
}

// callMath calls a function of package math.
func (c *compiler) callMath(in *ssa.Call, name string) bool {
	p, ok := ixgo.LookupPackage("math")
	if !ok || !p.Funcs[name].IsValid() {
		return false
	}
	var args []slot
	switch f := p.Funcs[name].Interface().(type) {
	case func(float64) float64:
		args = append(args, c.inSlot(c.operand(in.Call.Args[0])))
		to, x := c.slotOf(in), args[0]
		c.do(func(w *window) { *at[float64](w, to) = f(*at[float64](w, x)) })
		return true
	case func(float64, float64) float64:
		for _, a := range in.Call.Args {
			args = append(args, c.inSlot(c.operand(a)))
		}
		to, x, y := c.slotOf(in), args[0], args[1]
		c.do(func(w *window) { *at[float64](w, to) = f(*at[float64](w, x), *at[float64](w, y)) })
		return true
	}
	return false
}

// extreme is min or max of two numbers.
func (c *compiler) extreme(in *ssa.Call, largest bool) bool {
	if len(in.Call.Args) != 2 || !isNumber(in.Type()) || kindOf(in.Type()) == reflect.Bool {
		return false
	}
	x, y := c.inSlot(c.operand(in.Call.Args[0])), c.inSlot(c.operand(in.Call.Args[1]))
	c.do(byKind(kindOf(in.Type()), extremeOf[int8], extremeOf[int16], extremeOf[int32], extremeOf[int64],
		extremeOf[uint8], extremeOf[uint16], extremeOf[uint32], extremeOf[uint64], extremeOf[float32], extremeOf[float64])(c.slotOf(in), x, y, largest))
	return true
}

func extremeOf[T number](to, x, y slot, largest bool) op {
	if largest {
		return func(w *window) { *at[T](w, to) = max(*at[T](w, x), *at[T](w, y)) }
	}
	return func(w *window) { *at[T](w, to) = min(*at[T](w, x), *at[T](w, y)) }
}

// byKind chooses the function for numbers of a kind.
func byKind[F any](k reflect.Kind, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64 F) F {
	switch k {
	case reflect.Int8:
		return i8
	case reflect.Int16:
		return i16
	case reflect.Int32:
		return i32
	case reflect.Int64:
		return i64
	case reflect.Uint8:
		return u8
	case reflect.Uint16:
		return u16
	case reflect.Uint32:
		return u32
	case reflect.Uint64:
		return u64
	case reflect.Float32:
		return f32
	default:
		return f64
	}
}
