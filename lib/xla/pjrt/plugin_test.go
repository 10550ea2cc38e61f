package pjrt

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

func TestOpenRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.so")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "missing.so"), empty} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, libm := range []string{"/lib/x86_64-linux-gnu/libm.so.6", "/lib64/libm.so.6"} {
		if _, err := os.Stat(libm); err != nil {
			continue
		}
		if _, err := Open(libm); err == nil || !strings.Contains(err.Error(), "GetPjrtApi") {
			t.Errorf("a library that is no plugin: %v", err)
		}
	}
}

// TestLayout holds the structs against the header's: size, then offsets in words.
func TestLayout(t *testing.T) {
	if sized(9).size != 88+8*uintptr(len(spare{})) { // PJRT_Client_Create_Args of 0.104 has 88 bytes
		t.Errorf("a struct of 11 words and the spare ones has %d bytes", sized(9).size)
	}
	var v struct {
		header
		a     uintptr
		b, c  int32
		d     int64
		e     bool
		after int64
	}
	for name, got := range map[string][2]uintptr{
		"a": {unsafe.Offsetof(v.a), 16}, "b": {unsafe.Offsetof(v.b), 24}, "d": {unsafe.Offsetof(v.d), 32}, "after": {unsafe.Offsetof(v.after), 48},
	} {
		if got[0] != got[1] {
			t.Errorf("%s is at byte %d, in C at %d", name, got[0], got[1])
		}
	}
}

// TestCompileOptions decodes the message by hand: field 3 holds fields 1 (ordinal), 4, 5 (replicas and partitions) and 9 (the
// device assignment).
func TestCompileOptions(t *testing.T) {
	want := []byte{0x1a, 17, 0x08, 2, 0x20, 1, 0x28, 1, 0x4a, 9, 0x08, 1, 0x10, 1, 0x1a, 3, 0x0a, 1, 2}
	if got := compileOptions([]Device{{ID: 2}}); !slices.Equal(got, want) {
		t.Errorf("got  % x\nwant % x", got, want)
	}
	// two devices are two partitions, which field 6 has divided
	want = []byte{0x1a, 24, 0x08, 0, 0x20, 1, 0x28, 2, 0x30, 1, 0x4a, 14, 0x08, 1, 0x10, 2, 0x1a, 3, 0x0a, 1, 0, 0x1a, 3, 0x0a, 1, 1}
	if got := compileOptions([]Device{{ID: 0}, {ID: 1}}); !slices.Equal(got, want) {
		t.Errorf("got  % x\nwant % x", got, want)
	}
	if got := varint(300); !slices.Equal(got, []byte{0xac, 0x02}) {
		t.Errorf("varint(300) = % x", got)
	}
}

// TestRun adds two vectors on the device of a plugin.
func TestRun(t *testing.T) {
	path := os.Getenv("MSFLOW_PJRT_PLUGIN")
	if path == "" {
		t.Skip("MSFLOW_PJRT_PLUGIN names no plugin")
	}
	p, err := Open(path)
	check(t, err)
	c, err := p.NewClient()
	check(t, err)
	d := c.Devices[0]
	e, err := Compile([]Device{d}, `module @add {
  func.func @main(%a: tensor<3xf32>, %b: tensor<3xf32> {tf.aliasing_output = 0 : i32}) -> tensor<3xf32> {
    %c = "stablehlo.add"(%a, %b) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    "func.return"(%c) : (tensor<3xf32>) -> ()
  }
}`, 1)
	check(t, err)
	a, err := Upload(d, []float32{1, 2, 3}, 3)
	check(t, err)
	b, err := Upload(d, []float32{10, 20, 30}, 3)
	check(t, err)
	for range 3 { // the second argument is consumed and replaced
		out, err := e.Run([][]*Buffer{{a, b}}, []int64{0})
		check(t, err)
		b.Free()
		b = out[0][0]
	}
	got := make([]float32, 3)
	check(t, Download(b, got))
	if !slices.Equal(got, []float32{13, 26, 39}) {
		t.Errorf("got %v", got)
	}
	if _, err := Compile([]Device{d}, "module @broken {", 1); err == nil || !strings.Contains(err.Error(), "compiling") {
		t.Errorf("a program that is none: %v", err)
	}
	b.Free()
	a.Free()
	e.Free()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
