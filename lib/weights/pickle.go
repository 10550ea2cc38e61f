package weights

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// The pickle machine. Python's pickle is a program for a stack machine that may call any function it names, so reading one
// is running it. This machine knows only the operations that torch.save's output consists of and the names listed in
// admitted; anything else ends the reading with an error that says what was asked for.
//
// It is our own because github.com/nlpodyssey/gopickle cannot be shut as tightly: it builds classes such as
// array._array_reconstructor before asking its FindClass hook, allocates whatever length a string claims, and panics on an
// empty LONG1, a dict with an odd number of items, an unhashable key or the byte 0xFF in place of an operation. The tests
// read the same files with it to have a second opinion.

// errPickleCut is what reading past the end gives.
var errPickleCut = errors.New("the pickle ends in the middle")

// global is a name that the pickle asked for and that is admitted.
type global struct{ module, name string }

func (g global) String() string { return g.module + "." + g.name }

// admitted lists the functions and classes that a pickle may name, apart from the storage classes in storageTypes.
var admitted = map[global]func(args []any) (any, error){
	{"collections", "OrderedDict"}:         newDictFrom,
	{"collections", "Counter"}:             newDictFrom,
	{"torch", "Size"}:                      sizeFrom,
	{"torch._utils", "_rebuild_tensor"}:    rebuildTensor,
	{"torch._utils", "_rebuild_tensor_v2"}: rebuildTensor,
	{"torch._utils", "_rebuild_parameter"}: rebuildParameter,
	{"torch.nn.parameter", "Parameter"}:    rebuildParameter,
}

// tuple is an immutable sequence; lists are *list because pickles fill them after pushing them.
type (
	tuple []any
	list  struct{ items []any }
)

// pickleMachine runs one pickle out of data. Memory stays proportional to the input: every operation pushes at most one
// value and lengths are checked against the bytes that are left.
type pickleMachine struct {
	data       []byte
	pos        int
	stack      []any
	marks      []int
	memo       map[uint64]any
	persistent func(id tuple) (any, error) // turns a storage's id into the storage
}

// run executes up to STOP and returns the value and how many bytes were used.
func (m *pickleMachine) run() (value any, used int, err error) {
	m.memo = map[uint64]any{}
	for {
		op, err := m.byte()
		if err != nil {
			return nil, 0, err
		}
		if op == '.' {
			value, err := m.pop()
			return value, m.pos, err
		}
		if err := m.step(op); err != nil {
			return nil, 0, fmt.Errorf("pickle byte %d: %w", m.pos, err)
		}
	}
}

// step executes one operation. The groups are by what an operation does.
func (m *pickleMachine) step(op byte) error {
	if done, err := m.stepConstant(op); done {
		return err
	}
	if done, err := m.stepContainer(op); done {
		return err
	}
	if done, err := m.stepMemo(op); done {
		return err
	}
	switch op {
	case 0x80: // PROTO
		v, err := m.byte()
		if err == nil && (v < 2 || v > 5) {
			err = fmt.Errorf("protocol %d is not supported", v)
		}
		return err
	case 0x95: // FRAME: a hint for streams; everything is in memory here
		_, err := m.take(8)
		return err
	case 'c': // GLOBAL
		return m.global()
	case 0x93: // STACK_GLOBAL
		return m.stackGlobal()
	case 'R': // REDUCE
		return m.reduce()
	case 'b': // BUILD
		return m.build()
	case 'Q': // BINPERSID
		return m.persistentID()
	}
	return fmt.Errorf("operation 0x%02x is not admitted in a weights file", op)
}

// stepConstant pushes numbers, strings and None.
func (m *pickleMachine) stepConstant(op byte) (bool, error) {
	switch op {
	case 'N':
		m.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		m.push(op == 0x88)
	case 'K': // BININT1
		return true, m.uint(1, func(v uint64) any { return int64(v) })
	case 'M': // BININT2
		return true, m.uint(2, func(v uint64) any { return int64(v) })
	case 'J': // BININT
		return true, m.uint(4, func(v uint64) any { return int64(int32(v)) })
	case 'G': // BINFLOAT: the one big-endian operand
		b, err := m.take(8)
		if err == nil {
			m.push(math.Float64frombits(be.Uint64(b)))
		}
		return true, err
	case 0x8a: // LONG1
		return true, m.counted(1, func(b []byte) any { return pickleLong(b) })
	case 0x8b: // LONG4
		return true, m.counted(4, func(b []byte) any { return pickleLong(b) })
	case 'U', 0x8c: // SHORT_BINSTRING (Python 2), SHORT_BINUNICODE
		return true, m.counted(1, func(b []byte) any { return string(b) })
	case 'T', 'X': // BINSTRING (Python 2), BINUNICODE
		return true, m.counted(4, func(b []byte) any { return string(b) })
	case 0x8d: // BINUNICODE8
		return true, m.counted(8, func(b []byte) any { return string(b) })
	default:
		return false, nil
	}
	return true, nil
}

// stepContainer builds tuples, lists and dicts.
func (m *pickleMachine) stepContainer(op byte) (bool, error) {
	switch op {
	case '(': // MARK
		m.marks = append(m.marks, len(m.stack))
	case ')': // EMPTY_TUPLE
		m.push(tuple(nil))
	case 0x85, 0x86, 0x87: // TUPLE1..3
		return true, m.shortTuple(int(op) - 0x84)
	case 't': // TUPLE
		return true, m.collect(func(items []any) (any, error) { return tuple(items), nil })
	case ']': // EMPTY_LIST
		m.push(&list{})
	case 'l': // LIST
		return true, m.collect(func(items []any) (any, error) { return &list{items}, nil })
	case '}': // EMPTY_DICT
		m.push(newDict())
	case 'd': // DICT
		return true, m.collect(func(items []any) (any, error) { d := newDict(); return d, d.setPairs(items) })
	case 'a': // APPEND
		return true, m.appendItems(1)
	case 'e': // APPENDS
		return true, m.sinceMark(m.appendItems)
	case 's': // SETITEM
		return true, m.setItems(2)
	case 'u': // SETITEMS
		return true, m.sinceMark(m.setItems)
	default:
		return false, nil
	}
	return true, nil
}

// stepMemo moves values between the stack and the memo.
func (m *pickleMachine) stepMemo(op byte) (bool, error) {
	switch op {
	case '0': // POP
		_, err := m.pop()
		return true, err
	case '2': // DUP
		return true, m.withTop(m.push)
	case 'q': // BINPUT
		return true, m.put(1)
	case 'r': // LONG_BINPUT
		return true, m.put(4)
	case 0x94: // MEMOIZE
		return true, m.withTop(func(v any) { m.memo[uint64(len(m.memo))] = v })
	case 'h': // BINGET
		return true, m.get(1)
	case 'j': // LONG_BINGET
		return true, m.get(4)
	}
	return false, nil
}

func (m *pickleMachine) global() error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.pushGlobal(module, name)
}

func (m *pickleMachine) stackGlobal() error {
	pair, err := m.popN(2)
	if err != nil {
		return err
	}
	module, ok1 := pair[0].(string)
	name, ok2 := pair[1].(string)
	if !ok1 || !ok2 {
		return errors.New("a global's name is not a string")
	}
	return m.pushGlobal(module, name)
}

// pushGlobal is the gate: what is not listed is refused by its name.
func (m *pickleMachine) pushGlobal(module, name string) error {
	g := global{module, name}
	if st, ok := storageTypes[g]; ok {
		m.push(st)
		return nil
	}
	if _, ok := admitted[g]; ok {
		m.push(g)
		return nil
	}
	return fmt.Errorf("refusing to load %s: only tensors and plain containers are admitted "+
		"(save the network's state_dict() alone)", clip(g.String()))
}

func (m *pickleMachine) reduce() error {
	pair, err := m.popN(2)
	if err != nil {
		return err
	}
	g, ok1 := pair[0].(global)
	args, ok2 := pair[1].(tuple)
	if !ok1 || !ok2 {
		return errors.New("a call of something that is no function")
	}
	v, err := admitted[g](args)
	if err != nil {
		return fmt.Errorf("%s: %w", g, err)
	}
	m.push(v)
	return nil
}

// build sets attributes. A state dict has one, _metadata, with version numbers of the layers; nothing here needs it, so
// attributes of dicts are dropped.
func (m *pickleMachine) build() error {
	pair, err := m.popN(2)
	if err != nil {
		return err
	}
	target, ok1 := pair[0].(*Dict)
	if _, ok2 := pair[1].(*Dict); !ok1 || !ok2 {
		return errors.New("attributes set on something that is no dict")
	}
	m.push(target)
	return nil
}

func (m *pickleMachine) persistentID() error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	id, ok := v.(tuple)
	if !ok || m.persistent == nil {
		return errors.New("a reference to outside data that is no storage")
	}
	s, err := m.persistent(id)
	if err != nil {
		return err
	}
	m.push(s)
	return nil
}

// newDictFrom makes the dict of OrderedDict(), Counter({...}) and Python 2's OrderedDict([[key, value], ...]). It takes
// its argument over instead of copying it: a short program could ask for the copy any number of times.
func newDictFrom(args []any) (any, error) {
	if len(args) == 0 {
		return newDict(), nil
	}
	switch from := args[0].(type) {
	case *Dict:
		return from, nil
	case *list:
		d := newDict()
		for _, item := range from.items {
			pair, ok := item.(*list)
			if !ok || len(pair.items) != 2 {
				return nil, errors.New("arguments are not pairs")
			}
			if err := d.setPairs(pair.items); err != nil {
				return nil, err
			}
		}
		from.items = nil
		return d, nil
	}
	return nil, errors.New("unexpected arguments")
}

func sizeFrom(args []any) (any, error) {
	if len(args) == 1 {
		if t, ok := args[0].(tuple); ok {
			return t, nil
		}
	}
	return nil, errors.New("unexpected arguments")
}

// pickleLong reads a two's complement little-endian integer; those beyond 64 bits become *big.Int.
func pickleLong(b []byte) any {
	if len(b) == 0 {
		return int64(0)
	}
	rev := bytes.Clone(b)
	for i, j := 0, len(rev)-1; i < j; i, j = i+1, j-1 {
		rev[i], rev[j] = rev[j], rev[i]
	}
	v := new(big.Int).SetBytes(rev)
	if b[len(b)-1]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

// quote shows a value in a message; containers, which may be huge or contain themselves, only by their kind.
func quote(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(clip(v))
	case nil, bool, int64, float64:
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("a %T", v)
}
