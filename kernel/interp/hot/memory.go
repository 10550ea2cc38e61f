package hot

import (
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"unsafe"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// Addresses of elements and fields, and the slices and strings that are read only for an element or their length, are not
// values of compiled code. Each number that is loaded or stored finds its place anew. Everything else that is no number
// stays in the interpreter's frame.

// header begins slices and strings.
type header struct {
	data   unsafe.Pointer
	length int
}

var empty header

// isAddress reports whether in is an address that only compiled code uses.
func (c *compiler) isAddress(in ssa.Instruction) bool {
	switch in.(type) {
	case *ssa.FieldAddr, *ssa.IndexAddr:
	default:
		return false
	}
	return c.once(in, func() bool {
		base := c.offsetFrom(in)
		return base != nil && c.hasPlace(base) && c.readBy(in.(ssa.Value), func(ssa.Instruction) bool { return true })
	})
}

// isHeader reports whether in loads a slice or a string for which only compiled code looks, before anything could change
// the variable.
func (c *compiler) isHeader(in ssa.Instruction) bool {
	load, ok := in.(*ssa.UnOp)
	if !ok || load.Op != token.MUL || !hasHeader(load.Type()) {
		return false
	}
	return c.once(in, func() bool { return c.hasPlace(load.X) && c.readSoon(load, nil) })
}

// once finds out something about an instruction at its first use.
func (c *compiler) once(in ssa.Instruction, find func() bool) bool {
	found, known := c.lazy[in]
	if !known {
		found = find()
		c.lazy[in] = found
	}
	return found
}

// readSoon reports whether only compiled code uses a header, before anything could change the variable that it was loaded
// from, where it is allowed to.
func (c *compiler) readSoon(load *ssa.UnOp, allowed func(ssa.Instruction) bool) bool {
	return c.readBy(load, func(at ssa.Instruction) bool { return c.quietUntil(load, at) && (allowed == nil || allowed(at)) })
}

// offsetFrom is what an address of a field or an element begins at; nil when its offset is not known.
func (c *compiler) offsetFrom(in ssa.Instruction) ssa.Value {
	switch in := in.(type) {
	case *ssa.FieldAddr:
		t := c.pointedTo(in.X)
		if t != nil && t.Kind() == reflect.Struct && in.Field < t.NumField() && t.Field(in.Field).Name != "_" {
			return in.X
		}
	case *ssa.IndexAddr:
		if c.elementSize(in.X) != 0 && isNumber(in.Index.Type()) {
			return in.X
		}
	}
	return nil
}

// readBy reports whether only compiled code uses an address or a header, and at instructions that are allowed to.
func (c *compiler) readBy(v ssa.Value, allowed func(ssa.Instruction) bool) bool {
	return c.onlyUsers(v, func(user ssa.Instruction) bool {
		switch u := user.(type) {
		case *ssa.UnOp:
			if u.Op == token.MUL && isNumber(u.Type()) {
				return allowed(u)
			}
			return u.Op == token.MUL && hasHeader(u.Type()) && c.readSoon(u, allowed)
		case *ssa.Store:
			return u.Addr == v && isNumber(u.Val.Type()) && allowed(u)
		case *ssa.FieldAddr, *ssa.IndexAddr:
			return c.offsetFrom(u) == v && c.readBy(u.(ssa.Value), allowed)
		case *ssa.Index:
			return u.X == v && allowed(u)
		case *ssa.Call:
			return isBuiltin(u, "len") && allowed(u)
		}
		return false
	})
}

func (c *compiler) onlyUsers(v ssa.Value, allowed func(ssa.Instruction) bool) bool {
	return len(c.users[v]) > 0 && !slices.ContainsFunc(c.users[v], func(user ssa.Instruction) bool { return !c.in[c.blockOf[user]] || !allowed(user) })
}

// quietUntil reports whether nothing between two instructions of a block, the second of which uses the first, can change a
// variable that is no number.
func (c *compiler) quietUntil(first, last ssa.Instruction) bool {
	if c.blockOf[first] != c.blockOf[last] {
		return false
	}
	between := c.f.Source[c.pcs[first]+1 : c.pcs[last]]
	return !slices.ContainsFunc(between, func(in ssa.Instruction) bool { return !c.isQuiet(in) })
}

func (c *compiler) isQuiet(in ssa.Instruction) bool {
	switch in := in.(type) {
	case *ssa.BinOp, *ssa.Convert, *ssa.ChangeType, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Index, *ssa.Extract, *ssa.Alloc:
		return true
	case *ssa.UnOp:
		return in.Op != token.ARROW
	case *ssa.Store:
		return isNumber(in.Val.Type())
	case *ssa.Call:
		return c.callsQuietly(in)
	}
	return false
}

// callsQuietly reports whether a call only computes with numbers.
func (c *compiler) callsQuietly(in *ssa.Call) bool {
	switch f := in.Call.Value.(type) {
	case *ssa.Builtin:
		return f.Name() == "len" || f.Name() == "min" || f.Name() == "max"
	case *ssa.Function:
		return isMath(f) || c.batch != nil || ofNumbers(f) && c.pureCode(f) != nil
	}
	return false
}

func isBuiltin(in *ssa.Call, name string) bool {
	b, ok := in.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == name
}

func hasHeader(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Slice:
		return true
	case *types.Basic:
		return t.Kind() == types.String || t.Kind() == types.UntypedString
	}
	return false
}

// hasPlace reports whether compiled code can find what v points to or consists of: a global variable, or a value in the
// interpreter's frame.
func (c *compiler) hasPlace(v ssa.Value) bool {
	if _, ok := v.(*ssa.Global); ok || c.batch == nil {
		_, ok := c.f.Register(v)
		return ok
	}
	in, ok := v.(ssa.Instruction)
	return ok && (c.isAddress(in) || c.isHeader(in))
}

// pointedTo is what v, a pointer, points to.
func (c *compiler) pointedTo(v ssa.Value) reflect.Type {
	if _, ok := v.Type().Underlying().(*types.Pointer); !ok {
		return nil
	}
	if t := ixcode.TypeOf(c.interp, v.Type()); t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return nil
}

// elementSize is that of a slice's elements or those of the array that v points to; 0 when it is unknown.
func (c *compiler) elementSize(v ssa.Value) uintptr {
	t := ixcode.TypeOf(c.interp, v.Type())
	if t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
		return 0
	}
	return t.Elem().Size()
}

// address finds where a pointer points to; nil for a nil pointer.
func (c *compiler) address(v ssa.Value) func(*window) unsafe.Pointer {
	switch v := v.(type) {
	case *ssa.Global:
		p := c.variable(v)
		return func(*window) unsafe.Pointer { return p }
	case *ssa.FieldAddr:
		if c.isAddress(v) {
			return c.fieldAddress(v)
		}
	case *ssa.IndexAddr:
		if c.isAddress(v) {
			return c.elementAddress(v)
		}
	}
	r, _ := c.f.Register(v)
	return func(w *window) unsafe.Pointer { return dataOf(&w.interpreted().Stack[r]) }
}

// variable is where a global variable lies.
func (c *compiler) variable(g *ssa.Global) unsafe.Pointer {
	r, _ := c.f.Register(g)
	return dataOf(&c.f.Static[r])
}

// checkPlace panics where an address is taken or a header loaded, if an index is out of range or a pointer nil, unless it
// is used at once. In xs[i] = f() the address is not taken before f has returned.
func (c *compiler) checkPlace(in ssa.Instruction) {
	for _, user := range c.users[in.(ssa.Value)] {
		if c.pcs[user] != c.pcs[in]+1 && user.Pos() != in.Pos() {
			c.do(c.find(in))
			return
		}
	}
}

// find finds the place of an address or of a header, for its panics.
func (c *compiler) find(in ssa.Instruction) op {
	if load, ok := in.(*ssa.UnOp); ok {
		header := c.header(load)
		return func(w *window) { header(w) }
	}
	address := c.address(in.(ssa.Value))
	return func(w *window) { address(w) }
}

func (c *compiler) fieldAddress(v *ssa.FieldAddr) func(*window) unsafe.Pointer {
	base, offset, pc := c.address(v.X), c.pointedTo(v.X).Field(v.Field).Offset, c.pcs[v]
	return func(w *window) unsafe.Pointer {
		p := base(w)
		if p == nil {
			w.nilPointer(pc)
		}
		return unsafe.Add(p, offset)
	}
}

func (c *compiler) elementAddress(v *ssa.IndexAddr) func(*window) unsafe.Pointer {
	size, pc := c.elementSize(v.X), c.pcs[v]
	index := c.indexReader(v.Index)
	if a, ok := v.X.Type().Underlying().(*types.Pointer); ok {
		base, n := c.address(v.X), int(a.Elem().Underlying().(*types.Array).Len())
		return func(w *window) unsafe.Pointer {
			p, i := base(w), index(w)
			if p == nil {
				w.nilPointer(pc)
			}
			if uint(i) >= uint(n) {
				w.outOfRange(pc, i, n)
			}
			return unsafe.Add(p, uintptr(i)*size)
		}
	}
	slice := c.header(v.X)
	return func(w *window) unsafe.Pointer {
		h, i := slice(w), index(w)
		if uint(i) >= uint(h.length) {
			w.outOfRange(pc, i, h.length)
		}
		return unsafe.Add(h.data, uintptr(i)*size)
	}
}

// header finds a slice or a string.
func (c *compiler) header(v ssa.Value) func(*window) *header {
	if load, ok := v.(*ssa.UnOp); ok && c.isHeader(load) {
		p, pc := c.address(load.X), c.pcs[load]
		return func(w *window) *header {
			h := (*header)(p(w))
			if h == nil {
				w.nilPointer(pc)
			}
			return h
		}
	}
	r, _ := c.f.Register(v)
	return func(w *window) *header { return w.header(r) }
}

// header is the slice or string in a register of the interpreter's frame.
func (w *window) header(register int) *header {
	if h := (*header)(dataOf(&w.interpreted().Stack[register])); h != nil {
		return h
	}
	return &empty
}

// indexReader reads an index. Numbers that are no int become negative ones or ones that are too large.
func (c *compiler) indexReader(v ssa.Value) func(*window) int {
	return readInt(kindOf(v.Type()), c.inSlot(c.operand(v)))
}

func readInt(k reflect.Kind, s slot) func(*window) int {
	switch k {
	case reflect.Int8:
		return readAs[int8](s)
	case reflect.Int16:
		return readAs[int16](s)
	case reflect.Int32:
		return readAs[int32](s)
	case reflect.Uint8:
		return readAs[uint8](s)
	case reflect.Uint16:
		return readAs[uint16](s)
	case reflect.Uint32:
		return readAs[uint32](s)
	default:
		return readAs[int](s)
	}
}

func readAs[T integer | int](s slot) func(*window) int {
	return func(w *window) int { return int(*at[T](w, s)) }
}

// loadNumber is x = *p.
func (c *compiler) loadNumber(in *ssa.UnOp) bool {
	if !isNumber(in.Type()) || !c.hasPlace(in.X) {
		return false
	}
	size := sizes[kindOf(in.Type())]
	to := c.slotOf(in)
	if g, ok := in.X.(*ssa.Global); ok {
		c.do(bySize(size, loadVariable[uint8], loadVariable[uint16], loadVariable[uint32], loadVariable[uint64])(to, c.variable(g)))
		return true
	}
	if e, ok := c.plainElement(in.X); ok {
		c.do(bySize(size, loadElement[uint8], loadElement[uint16], loadElement[uint32], loadElement[uint64])(to, e))
		return true
	}
	p, pc := c.address(in.X), c.pcs[in]
	c.do(bySize(size, loadFrom[uint8], loadFrom[uint16], loadFrom[uint32], loadFrom[uint64])(to, p, pc))
	return true
}

// store is *p = x.
func (c *compiler) store(in *ssa.Store) bool {
	if !isNumber(in.Val.Type()) || !c.hasPlace(in.Addr) {
		return false
	}
	size := sizes[kindOf(in.Val.Type())]
	from := c.inSlot(c.operand(in.Val))
	if g, ok := in.Addr.(*ssa.Global); ok {
		c.do(bySize(size, storeVariable[uint8], storeVariable[uint16], storeVariable[uint32], storeVariable[uint64])(from, c.variable(g)))
		return true
	}
	if e, ok := c.plainElement(in.Addr); ok {
		c.do(bySize(size, storeElement[uint8], storeElement[uint16], storeElement[uint32], storeElement[uint64])(from, e))
		return true
	}
	p, pc := c.address(in.Addr), c.pcs[in]
	c.do(bySize(size, storeTo[uint8], storeTo[uint16], storeTo[uint32], storeTo[uint64])(from, p, pc))
	return true
}

func bySize[F any](size int, one, two, four, eight F) F {
	switch size {
	case 1:
		return one
	case 2:
		return two
	case 4:
		return four
	}
	return eight
}

func loadVariable[T any](to slot, p unsafe.Pointer) op {
	v := (*T)(p)
	return func(w *window) { *at[T](w, to) = *v }
}

func storeVariable[T any](from slot, p unsafe.Pointer) op {
	v := (*T)(p)
	return func(w *window) { *v = *at[T](w, from) }
}

func loadFrom[T any](to slot, p func(*window) unsafe.Pointer, pc int) op {
	return func(w *window) {
		v := (*T)(p(w))
		if v == nil {
			w.nilPointer(pc)
			return // not reached
		}
		*at[T](w, to) = *v
	}
}

func storeTo[T any](from slot, p func(*window) unsafe.Pointer, pc int) op {
	return func(w *window) {
		v := (*T)(p(w))
		if v == nil {
			w.nilPointer(pc)
			return // not reached
		}
		*v = *at[T](w, from)
	}
}

// element is one of a slice that a register of the interpreter's frame holds.
type element struct {
	register int
	index    slot
	pc       int
}

// plainElement finds the commonest address: an element of a slice that the interpreter's frame holds, with an int as the
// index.
func (c *compiler) plainElement(v ssa.Value) (e element, ok bool) {
	in, ok := v.(*ssa.IndexAddr)
	if !ok || !c.isAddress(in) || !hasHeader(in.X.Type()) || sizes[kindOf(in.Index.Type())] != 8 {
		return e, false
	}
	if load, ok := in.X.(*ssa.UnOp); ok && c.isHeader(load) {
		return e, false
	}
	r, _ := c.f.Register(in.X)
	return element{r, c.inSlot(c.operand(in.Index)), c.pcs[in]}, true
}

func loadElement[T any](to slot, e element) op {
	return func(w *window) {
		h, i := w.header(e.register), *at[int](w, e.index)
		if uint(i) >= uint(h.length) {
			w.outOfRange(e.pc, i, h.length)
		}
		*at[T](w, to) = *(*T)(unsafe.Add(h.data, uintptr(i)*unsafe.Sizeof(*new(T))))
	}
}

func storeElement[T any](from slot, e element) op {
	return func(w *window) {
		h, i := w.header(e.register), *at[int](w, e.index)
		if uint(i) >= uint(h.length) {
			w.outOfRange(e.pc, i, h.length)
		}
		*(*T)(unsafe.Add(h.data, uintptr(i)*unsafe.Sizeof(*new(T)))) = *at[T](w, from)
	}
}

// index is a byte of a string.
func (c *compiler) index(in *ssa.Index) bool {
	if !isNumber(in.Type()) || !hasHeader(in.X.Type()) || !c.hasPlace(in.X) {
		return false
	}
	to, text, index, pc := c.slotOf(in), c.header(in.X), c.indexReader(in.Index), c.pcs[in]
	c.do(func(w *window) {
		h, i := text(w), index(w)
		if uint(i) >= uint(h.length) {
			w.outOfRange(pc, i, h.length)
		}
		*at[uint8](w, to) = *(*uint8)(unsafe.Add(h.data, i))
	})
	return true
}

// length is len(x) of a slice or a string.
func (c *compiler) length(in *ssa.Call) bool {
	x := in.Call.Args[0]
	if !hasHeader(x.Type()) || !c.hasPlace(x) {
		return false
	}
	to, h := c.slotOf(in), c.header(x)
	c.do(func(w *window) { *at[int](w, to) = h(w).length })
	return true
}
