package pjrt

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Executable is a program that was compiled for one device, or for several that share it.
type Executable struct {
	devices []Device
	handle  uintptr
	results int
}

// Footprint is the memory that a compiled program needs, in bytes.
type Footprint struct{ Code, Arguments, Results, Aliased, Temporary int64 }

// Total is what must be free on the device besides what is there already, arguments included.
func (f Footprint) Total() int64 {
	return f.Code + f.Arguments + f.Results - f.Aliased + f.Temporary
}

// compileOptions is a serialised CompileOptionsProto: executable_build_options {device_ordinal, num_replicas: 1, num_partitions: the
// number of devices, use_spmd_partitioning: of several, device_assignment}. The devices are assigned by their numbers.
func compileOptions(devices []Device) []byte {
	// DeviceAssignmentProto: replica_count 1, computation_count, for each computation_devices {replica_device_ids: device}
	assignment := append([]byte{0x08, 1, 0x10}, varint(uint64(len(devices)))...)
	for _, d := range devices {
		id := varint(uint64(d.ID))
		assignment = append(assignment, message(0x1a, message(0x0a, id))...)
	}
	build := append([]byte{0x08}, varint(uint64(devices[0].ID))...)
	build = append(append(build, 0x20, 1, 0x28), varint(uint64(len(devices)))...)
	if len(devices) > 1 {
		build = append(build, 0x30, 1)
	}
	return message(0x1a, append(build, message(0x4a, assignment)...))
}

// message is a field with a tag whose content has its length before it.
func message(tag byte, content []byte) []byte {
	return append(append([]byte{tag}, varint(uint64(len(content)))...), content...)
}

func varint(v uint64) []byte {
	var out []byte
	for v >= 0x80 {
		out = append(out, byte(v)|0x80)
		v >>= 7
	}
	return append(out, byte(v))
}

// Compile compiles StableHLO text with the given number of results for devices of one client; what several of them share has
// mhlo.sharding attributes. It may take minutes.
func Compile(devices []Device, mlir string, results int) (*Executable, error) {
	d := devices[0]
	code, format, options := []byte(mlir), []byte("mlir"), compileOptions(devices)
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
	return &Executable{devices, args.executable, results}, nil
}

// Footprint asks for the memory that the program needs. Not every plugin can tell.
func (e *Executable) Footprint() (Footprint, error) {
	p := e.devices[0].client.plugin
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

// Run starts the program on its arguments, a list for each device, and returns its results, likewise, without waiting for them. Arguments
// that the program says it takes over are consumed unless their number is in keep; their buffers must not be used again.
func (e *Executable) Run(in [][]*Buffer, keep []int64) ([][]*Buffer, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argumentLists, outputLists, outputs := make([]uintptr, len(in)), make([]uintptr, len(in)), make([][]uintptr, len(in))
	for k, list := range in {
		arguments := make([]uintptr, len(list)+1)
		for i, b := range list {
			arguments[i] = b.handle
		}
		outputs[k] = make([]uintptr, e.results+1)
		pin.Pin(&arguments[0])
		pin.Pin(&outputs[k][0])
		argumentLists[k], outputLists[k] = address(&arguments[0]), address(&outputs[k][0])
	}
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
		header: sized(8), executable: e.handle, options: address(options), arguments: address(&argumentLists[0]),
		devices: uintptr(len(in)), count: uintptr(len(in[0])), outputs: address(&outputLists[0]),
	}
	pin.Pin(&argumentLists[0])
	pin.Pin(&outputLists[0])
	pin.Pin(options)
	if len(keep) > 0 {
		pin.Pin(&keep[0])
	}
	if err := e.devices[0].client.plugin.call(loadedExecutableExecute, unsafe.Pointer(args)); err != nil {
		return nil, err
	}
	out := make([][]*Buffer, len(in))
	for k := range out {
		for _, handle := range outputs[k][:e.results] {
			out[k] = append(out[k], &Buffer{e.devices[0].client, handle})
		}
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
	e.devices[0].client.plugin.direct(loadedExecutableDestroy, unsafe.Pointer(args))
}
