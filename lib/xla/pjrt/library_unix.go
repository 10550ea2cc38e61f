//go:build (linux || darwin) && (amd64 || arm64)

package pjrt

import "github.com/ebitengine/purego"

// Preload opens a library that plugins need, for all that are opened later.
func Preload(path string) error {
	_, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	return err
}

// entry opens a library and finds a function in it. missing says that the library is there and the function is not.
func entry(path, name string) (address uintptr, missing bool, err error) {
	library, err := purego.Dlopen(path, purego.RTLD_LAZY|purego.RTLD_LOCAL)
	if err != nil {
		return 0, false, err
	}
	address, err = purego.Dlsym(library, name)
	return address, err != nil, err
}

// invoke calls a C function of pointers.
func invoke(function uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(function, args...)
	return r
}
