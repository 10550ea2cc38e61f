package pjrt

import (
	"fmt"
	"runtime"
	"unsafe"
)

// ElementType is PJRT_Buffer_Type.
type ElementType int32

// The element types in use.
const (
	Pred    ElementType = 1
	Int32   ElementType = 4
	Uint8   ElementType = 6
	Float32 ElementType = 11
	Float64 ElementType = 12
)

// Element is a Go type that a device knows.
type Element interface {
	float32 | float64 | int32 | uint8
}

func elementType[T Element]() ElementType {
	var v T
	switch any(v).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int32:
		return Int32
	}
	return Uint8
}

// Buffer is an array in a device's memory.
type Buffer struct {
	client *Client
	handle uintptr
}

const immutableUntilTransferCompletes = 1

// Upload copies v, a row-major array of the given dimensions, to the device and waits until v may be changed again.
func Upload[T Element](d Device, v []T, dims ...int) (*Buffer, error) {
	if n := product(dims); n != len(v) || n == 0 {
		return nil, fmt.Errorf("uploading %d values as an array of %v", len(v), dims)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&v[0])
	sizes := make([]int64, len(dims)+1) // never empty, so that it has an address
	for i, n := range dims {
		sizes[i] = int64(n)
	}
	pin.Pin(&sizes[0])
	args := &struct {
		header
		client, data         uintptr
		kind, _              int32
		dims, rank           uintptr
		strides, strideCount uintptr
		semantics, _         int32
		device, memory       uintptr
		layout, done, buffer uintptr
		spare
	}{
		header: sized(13), client: d.client.handle, data: address(&v[0]), kind: int32(elementType[T]()),
		dims: address(&sizes[0]), rank: uintptr(len(dims)), semantics: immutableUntilTransferCompletes, device: d.handle,
	}
	if err := d.client.plugin.call(clientBufferFromHostBuffer, unsafe.Pointer(args)); err != nil {
		return nil, err
	}
	return &Buffer{d.client, args.buffer}, d.client.await(args.done)
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// await waits for an event, frees it and returns its error.
func (c *Client) await(event uintptr) error {
	if event == 0 {
		return nil
	}
	args := &struct {
		header
		event uintptr
		spare
	}{header: sized(1), event: event}
	err := c.plugin.call(eventAwait, unsafe.Pointer(args))
	c.plugin.direct(eventDestroy, unsafe.Pointer(args))
	return err
}

// Download waits until the buffer has its value and copies it to v, which must have its number of elements and their type.
func Download[T Element](b *Buffer, v []T) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&v[0])
	args := &struct {
		header
		source, layout, target, size, event uintptr
		spare
	}{header: sized(5), source: b.handle, target: address(&v[0]), size: uintptr(len(v)) * unsafe.Sizeof(v[0])}
	if err := b.client.plugin.call(bufferToHostBuffer, unsafe.Pointer(args)); err != nil {
		return err
	}
	return b.client.await(args.event)
}

// Free gives the buffer's memory back, once what still uses it has ended. A freed buffer may be freed again.
func (b *Buffer) Free() {
	if b == nil || b.handle == 0 {
		return
	}
	args := &struct {
		header
		buffer uintptr
		spare
	}{header: sized(1), buffer: b.handle}
	b.client.plugin.direct(bufferDestroy, unsafe.Pointer(args))
	b.handle = 0
}
