package pjrt

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

// Plugin is a plugin that was opened and initialised. Its methods may be called from several goroutines.
type Plugin struct {
	Path  string
	Minor int // of the API's version, 0.Minor

	table     uintptr // PJRT_Api*
	tableSize uintptr
}

// Offsets in PJRT_Api: its own size, the version's two numbers, the first function.
const (
	offsetMajor     = 32
	offsetMinor     = 36
	offsetFunctions = 40
	pointerSize     = 8
)

// Open loads the plugin at path and checks that it speaks a version of the API that is known here.
func Open(path string) (*Plugin, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening the PJRT plugin: %w", err)
	}
	get, missing, err := entry(path, "GetPjrtApi")
	if missing {
		return nil, fmt.Errorf("%s is no PJRT plugin: it has no function GetPjrtApi", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the PJRT plugin %s: %w", path, err)
	}
	table := invoke(get)
	if table == 0 {
		return nil, fmt.Errorf("opening the PJRT plugin %s: GetPjrtApi gave nothing", path)
	}
	if major := peek[int32](table, offsetMajor); major != 0 {
		return nil, fmt.Errorf("%s speaks version %d of the PJRT API; this program speaks version 0", path, major)
	}
	p := &Plugin{Path: path, Minor: int(peek[int32](table, offsetMinor)), table: table, tableSize: peek[uintptr](table, 0)}
	if err := p.call(pluginInitialize, unsafe.Pointer(&struct {
		header
		spare
	}{header: sized(0)})); err != nil {
		return nil, fmt.Errorf("initialising %s: %w", path, err)
	}
	return p, nil
}

// header begins every struct of arguments: its size and an unused pointer.
type header struct{ size, extension uintptr }

// spare ends them, see the package's documentation.
type spare [8]uintptr

// sized is the header of a struct with the given number of words between header and spare.
func sized(words int) header {
	return header{size: uintptr(pointerSize * (2 + words + len(spare{})))}
}

// peek reads C memory.
func peek[T any](p, offset uintptr) T {
	at := p + offset
	return **(**T)(unsafe.Pointer(&at))
}

// text copies a C string of known length.
func text(p, n uintptr) string {
	if n == 0 {
		return ""
	}
	return string(unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), n))
}

// address is where v's memory is, as C sees it. The caller pins v while C may use it.
func address[T any](v *T) uintptr { return uintptr(unsafe.Pointer(v)) }

// call runs a function of the table. args is pinned during the call; what it refers to is the caller's to pin.
func (p *Plugin) call(f function, args unsafe.Pointer) error {
	at := uintptr(offsetFunctions + pointerSize*int(f))
	if at+pointerSize > p.tableSize {
		return &Error{Code: Unimplemented, Message: fmt.Sprintf("the plugin (PJRT 0.%d) is older than function %d", p.Minor, f)}
	}
	code := peek[uintptr](p.table, at)
	if code == 0 {
		return &Error{Code: Unimplemented, Message: fmt.Sprintf("the plugin (PJRT 0.%d) lacks function %d", p.Minor, f)}
	}
	var pin runtime.Pinner
	pin.Pin(args)
	defer pin.Unpin()
	failed := invoke(code, uintptr(args))
	if failed == 0 {
		return nil
	}
	return p.take(failed)
}
