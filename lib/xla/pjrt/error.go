package pjrt

import (
	"errors"
	"unsafe"
)

// Code says what kind of error a plugin reports.
type Code int

// The codes that are treated apart.
const (
	InvalidArgument   Code = 3
	ResourceExhausted Code = 8 // out of memory
	Unimplemented     Code = 12
)

// Error is an error that a plugin reports.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// IsOutOfMemory tells whether a device had too little memory.
func IsOutOfMemory(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == ResourceExhausted
}

// take makes a Go error of a PJRT_Error and frees it.
func (p *Plugin) take(e uintptr) error {
	out := &Error{}
	message := &struct {
		header
		err, text, size uintptr
		spare
	}{header: sized(3), err: e}
	p.direct(errorMessage, unsafe.Pointer(message))
	out.Message = text(message.text, message.size)
	code := &struct {
		header
		err  uintptr
		code int32
		_    int32
		spare
	}{header: sized(2), err: e}
	p.direct(errorGetCode, unsafe.Pointer(code))
	out.Code = Code(code.code)
	p.direct(errorDestroy, unsafe.Pointer(&struct {
		header
		err uintptr
		spare
	}{header: sized(1), err: e}))
	return out
}

// direct calls a function whose own failure cannot be helped.
func (p *Plugin) direct(f function, args unsafe.Pointer) {
	invoke(peek[uintptr](p.table, uintptr(offsetFunctions+pointerSize*int(f))), uintptr(args))
}
