package pjrt

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Executable is a program that was compiled for one device.
type Executable struct {
	device  Device
	handle  uintptr
	results int
}

// Footprint is the memory that a compiled program needs, in bytes.
type Footprint struct{ Code, Arguments, Results, Aliased, Temporary int64 }

// Total is what must be free on the device besides what is there already, arguments included.
func (f Footprint) Total() int64 {
	return f.Code + f.Arguments + f.Results - f.Aliased + f.Temporary
}

// compileOptions is a serialised CompileOptionsProto: executable_build_options {device_ordinal: ordinal, num_replicas: 1,
// num_partitions: 1}. The device is assigned by its number.
func compileOptions(device int) []byte {
	// DeviceAssignmentProto: replica_count 1, computation_count 1, computation_devices {replica_device_ids: device}
	assignment := []byte{0x08, 1, 0x10, 1, 0x1a, 3, 0x0a, 1, byte(device)}
	build := []byte{0x08}
	build = append(build, varint(uint64(device))...)
	build = append(build, 0x20, 1, 0x28, 1, 0x4a, byte(len(assignment)))
	build = append(build, assignment...)
	return append([]byte{0x1a, byte(len(build))}, build...)
}

func varint(v uint64) []byte {
	var out []byte
	for v >= 0x80 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v))
}

// Compile compiles StableHLO text with the given number of results for a device. It may take minutes.
func (d Device) Compile(mlir string, results int) (*Executable, error) {
	code, format, options := []byte(mlir), []byte("mlir"), compileOptions(d.ID)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&code[0])
	pin.Pin(&format[0])
	pin.Pin(&options[0])
	program := &struct {
		header
		code, size, format, formatSize uintptr
		spare
	}{header: sized(4), code: address(&code[0]), size: uintptr(len(code)), format: address(&format[0]), formatSize: uintptr(len(format))}
	pin.Pin(program)
	args := &struct {
		header
		client, program, options, optionsSize, executable uintptr
		spare
	}{header: sized(5), client: d.client.handle, program: address(program), options: address(&options[0]), optionsSize: uintptr(len(options))}
	if err := d.client.plugin.call(clientCompile, unsafe.Pointer(args)); err != nil {
		return nil, fmt.Errorf("compiling for %s: %w", d.Kind, err)
	}
	return &Executable{d, args.executable, results}, nil
}

// Footprint asks for the memory that the program needs. Not every plugin can tell.
func (e *Executable) Footprint() (Footprint, error) {
	p := e.device.client.plugin
	of := &struct {
		header
		loaded, executable uintptr
		spare
	}{header: sized(2), loaded: e.handle}
	if err := p.call(loadedExecutableGetExecutable, unsafe.Pointer(of)); err != nil {
		return Footprint{}, err
	}
	defer p.direct(executableDestroy, unsafe.Pointer(&struct {
		header
		executable uintptr
		spare
	}{header: sized(1), executable: of.executable}))
	args := &struct {
		header
		executable                                   uintptr
		code, arguments, results, aliased, temporary int64
		_                                            [10]int64
		spare
	}{header: sized(16), executable: of.executable}
	err := p.call(executableGetCompiledMemoryStats, unsafe.Pointer(args))
	return Footprint{args.code, args.arguments, args.results, args.aliased, args.temporary}, err
}

// Run starts the program on its arguments and returns its results without waiting for them. Arguments that the program
// says it takes over are consumed unless their number is in keep; their buffers must not be used again.
func (e *Executable) Run(in []*Buffer, keep []int64) ([]*Buffer, error) {
	arguments, outputs := make([]uintptr, len(in)+1), make([]uintptr, e.results+1)
	for i, b := range in {
		arguments[i] = b.handle
	}
	argumentList, outputList := []uintptr{address(&arguments[0])}, []uintptr{address(&outputs[0])}
	options := &struct {
		header
		send, receive, sends, receives uintptr
		launch, _                      int32
		keep, keeps                    uintptr
		_                              [6]uintptr // context, call site, tasks ...
		spare
	}{header: sized(13), keeps: uintptr(len(keep))}
	if len(keep) > 0 {
		options.keep = address(&keep[0])
	}
	args := &struct {
		header
		executable, options, arguments, devices, count, outputs, events, device uintptr
		spare
	}{
		header: sized(8), executable: e.handle, options: address(options), arguments: address(&argumentList[0]), devices: 1,
		count: uintptr(len(in)), outputs: address(&outputList[0]),
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	for _, p := range []*uintptr{&arguments[0], &outputs[0], &argumentList[0], &outputList[0]} {
		pin.Pin(p)
	}
	pin.Pin(options)
	if len(keep) > 0 {
		pin.Pin(&keep[0])
	}
	if err := e.device.client.plugin.call(loadedExecutableExecute, unsafe.Pointer(args)); err != nil {
		return nil, err
	}
	out := make([]*Buffer, e.results)
	for i := range out {
		out[i] = &Buffer{e.device.client, outputs[i]}
	}
	return out, nil
}

// Free gives the program's memory back.
func (e *Executable) Free() {
	args := &struct {
		header
		executable uintptr
		spare
	}{header: sized(1), executable: e.handle}
	e.device.client.plugin.direct(loadedExecutableDestroy, unsafe.Pointer(args))
}
