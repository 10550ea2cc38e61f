package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The pickle machine's operands, stack, marks and memo. Every method checks before it reads or pops, so a damaged program
// ends in an error.

var be = binary.BigEndian

// byte reads one byte of the program.
func (m *pickleMachine) byte() (byte, error) {
	b, err := m.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// take reads n bytes without copying them.
func (m *pickleMachine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.pos) {
		return nil, errPickleCut
	}
	b := m.data[m.pos : m.pos+int(n)]
	m.pos += int(n)
	return b, nil
}

// operand reads an unsigned little-endian number of width bytes.
func (m *pickleMachine) operand(width int) (uint64, error) {
	b, err := m.take(uint64(width))
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], b)
	return le.Uint64(full[:]), nil
}

// uint pushes what an operand stands for.
func (m *pickleMachine) uint(width int, value func(uint64) any) error {
	v, err := m.operand(width)
	if err != nil {
		return err
	}
	m.push(value(v))
	return nil
}

// counted pushes what a run of bytes stands for whose length comes first. A negative length of the signed kinds reads as a
// huge one and is cut off.
func (m *pickleMachine) counted(width int, value func([]byte) any) error {
	n, err := m.operand(width)
	if err != nil {
		return err
	}
	b, err := m.take(n)
	if err != nil {
		return err
	}
	m.push(value(b))
	return nil
}

// line reads up to a newline, which it drops.
func (m *pickleMachine) line() (string, error) {
	n := bytes.IndexByte(m.data[m.pos:], '\n')
	if n < 0 {
		return "", errPickleCut
	}
	s := string(m.data[m.pos : m.pos+n])
	m.pos += n + 1
	return s, nil
}

func (m *pickleMachine) push(v any) { m.stack = append(m.stack, v) }

// floor is the stack's height at the last mark: pops must not go below it.
func (m *pickleMachine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *pickleMachine) pop() (any, error) {
	v, err := m.popN(1)
	if err != nil {
		return nil, err
	}
	return v[0], nil
}

// popN takes the n topmost values, deepest first. The slice is valid until the next push.
func (m *pickleMachine) popN(n int) ([]any, error) {
	if len(m.stack)-n < m.floor() {
		return nil, errors.New("the stack is empty")
	}
	items := m.stack[len(m.stack)-n:]
	m.stack = m.stack[:len(m.stack)-n]
	return items, nil
}

func (m *pickleMachine) withTop(fn func(any)) error {
	if len(m.stack) <= m.floor() {
		return errors.New("the stack is empty")
	}
	fn(m.stack[len(m.stack)-1])
	return nil
}

// popMark removes the last mark and says how many values lie above it.
func (m *pickleMachine) popMark() (int, error) {
	if len(m.marks) == 0 {
		return 0, errors.New("there is no mark on the stack")
	}
	n := len(m.stack) - m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	return n, nil
}

// collect replaces the values above the mark by the container they make.
func (m *pickleMachine) collect(build func(items []any) (any, error)) error {
	n, err := m.popMark()
	if err != nil {
		return err
	}
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	v, err := build(append([]any(nil), items...))
	if err != nil {
		return err
	}
	m.push(v)
	return nil
}

// sinceMark calls fn with the number of values above the mark.
func (m *pickleMachine) sinceMark(fn func(n int) error) error {
	n, err := m.popMark()
	if err != nil {
		return err
	}
	return fn(n)
}

func (m *pickleMachine) shortTuple(n int) error {
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	m.push(append(tuple(nil), items...))
	return nil
}

// appendItems puts the n topmost values at the end of the list below them.
func (m *pickleMachine) appendItems(n int) error {
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	return m.onTop(func(v any) error {
		l, ok := v.(*list)
		if !ok {
			return errors.New("values appended to something that is no list")
		}
		l.items = append(l.items, items...)
		return nil
	})
}

// setItems puts the n topmost values, keys and values in turn, into the dict below them.
func (m *pickleMachine) setItems(n int) error {
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	return m.onTop(func(v any) error {
		d, ok := v.(*Dict)
		if !ok {
			return errors.New("items set in something that is no dict")
		}
		return d.setPairs(items)
	})
}

func (m *pickleMachine) onTop(fn func(any) error) error {
	var inner error
	if err := m.withTop(func(v any) { inner = fn(v) }); err != nil {
		return err
	}
	return inner
}

func (m *pickleMachine) put(width int) error {
	at, err := m.operand(width)
	if err != nil {
		return err
	}
	return m.withTop(func(v any) { m.memo[at] = v })
}

func (m *pickleMachine) get(width int) error {
	at, err := m.operand(width)
	if err != nil {
		return err
	}
	v, ok := m.memo[at]
	if !ok {
		return fmt.Errorf("memo %d is empty", at)
	}
	m.push(v)
	return nil
}
