//go:build linux

package remote

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/lib/xla/remote/wire"
)

// helper is msflow-device, built for this test and named by the environment.
func helper(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-o", path, "github.com/msflow-go/msflow/cmd/msflow-device")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv(HelperVariable, path)
	return path
}

// nonPlugin is a library of the system that is no plugin.
func nonPlugin(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/lib/*-linux-gnu/libm.so.6", "/lib64/libm.so.6", "/usr/lib/libm.so.6"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Skip("no libm of glibc on this machine")
	return ""
}

// TestPluginsErrorsArrive: what goes wrong in the other process is told here in its words, wherever the program comes from.
func TestPluginsErrorsArrive(t *testing.T) {
	path := helper(t)
	libm := nonPlugin(t)
	refused := func(t *testing.T) {
		t.Helper()
		if _, err := Open(libm, nil, nil); err == nil || !strings.Contains(err.Error(), "GetPjrtApi") || !strings.Contains(err.Error(), libm) {
			t.Errorf("a library that is no plugin: %v", err)
		}
	}
	t.Run("named", refused)
	t.Run("inside of the program", func(t *testing.T) {
		t.Setenv(HelperVariable, "")
		embedded = compressed(t, path)
		defer func() { embedded = nil }()
		refused(t)
	})
	t.Run("on the PATH", func(t *testing.T) {
		t.Setenv(HelperVariable, "")
		t.Setenv("PATH", filepath.Dir(path))
		refused(t)
	})
	if _, err := Open(filepath.Join(t.TempDir(), "missing.so"), nil, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a plugin that is not there: %v", err)
	}
}

func compressed(t *testing.T, path string) []byte {
	t.Helper()
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestHelperIsMissed: without the program, and without a loader for it, the error says what to do.
func TestHelperIsMissed(t *testing.T) {
	path := helper(t)
	t.Setenv(HelperVariable, "")
	t.Setenv("PATH", "")
	if _, err := Open("plugin.so", nil, nil); err == nil || !strings.Contains(err.Error(), "go install") {
		t.Errorf("no program: %v", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	loader := loaderOf(program)
	if loader == nil {
		t.Fatal("msflow-device names no loader")
	}
	elsewhere := filepath.Join(t.TempDir(), name)
	strange := append([]byte("/nowhere/"), bytes.Repeat([]byte("x"), len(loader)-len("/nowhere/"))...)
	if err := os.WriteFile(elsewhere, bytes.Replace(program, loader, strange, 1), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(HelperVariable, elsewhere)
	if _, err := Open("plugin.so", nil, nil); err == nil || !strings.Contains(err.Error(), "glibc") {
		t.Errorf("no loader: %v", err)
	}
}

// loaderOf is the path of the loader that a program asks for.
func loaderOf(program []byte) []byte {
	i := bytes.Index(program, []byte("/lib64/ld-linux"))
	if i < 0 {
		i = bytes.Index(program, []byte("/lib/ld-linux"))
	}
	if i < 0 {
		return nil
	}
	return program[i : i+bytes.IndexByte(program[i:], 0)]
}

// TestLostProcess: a process that ends is told of by the next call and by Lost.
func TestLostProcess(t *testing.T) {
	helper(t)
	c := &Client{}
	if err := c.start(nil); err != nil {
		t.Fatal(err)
	}
	var m wire.Memory
	if err := c.call("Memory", 5, &m, &m.Reply); err == nil || c.Lost() {
		t.Errorf("a device that is not there: %v, lost %t", err, c.Lost())
	}
	if err := c.process.Kill(); err != nil {
		t.Fatal(err)
	}
	var out wire.Opened
	if err := c.call("Open", wire.Open{}, &out, &out.Reply); !errors.Is(err, ErrLost) || !c.Lost() {
		t.Errorf("the process was killed: %v, lost %t", err, c.Lost())
	}
}

// TestProcessEndsWithItsPipe: no process stays behind when the program is gone.
func TestProcessEndsWithItsPipe(t *testing.T) {
	helper(t)
	c := &Client{}
	if err := c.start(nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		t.Error("msflow-device goes on a minute after its pipe was closed")
	}
}

// TestVersionsMustAgree: another version is refused, not misunderstood.
func TestVersionsMustAgree(t *testing.T) {
	helper(t)
	c := &Client{}
	if err := c.start(nil); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var out wire.Opened
	if err := c.call("Open", wire.Open{Version: wire.Version + 1}, &out, &out.Reply); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("another version: %v", err)
	}
}

// TestRun adds vectors on the device of the plugin that the environment names, with arrays larger than the memory that was shared first.
func TestRun(t *testing.T) {
	path := os.Getenv("MSFLOW_PJRT_PLUGIN")
	if path == "" {
		t.Skip("MSFLOW_PJRT_PLUGIN names no plugin")
	}
	helper(t)
	c, err := Open(path, nil, nil)
	check(t, err)
	defer c.Close()
	const n = 3 << 20
	e, err := Compile(c.Devices[:1], `module @add {
  func.func @main(%a: tensor<3145728xf32>, %b: tensor<3145728xf32> {tf.aliasing_output = 0 : i32}) -> tensor<3145728xf32> {
    %c = "stablehlo.add"(%a, %b) : (tensor<3145728xf32>, tensor<3145728xf32>) -> tensor<3145728xf32>
    "func.return"(%c) : (tensor<3145728xf32>) -> ()
  }
}`, 1)
	check(t, err)
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i % 1000)
	}
	a, err := Upload(c.Devices[0], values, n)
	check(t, err)
	b, err := Upload(c.Devices[0], values, n)
	check(t, err)
	for range 3 { // the second argument is consumed and replaced
		out, err := e.Run([][]*Buffer{{a, b}}, []int64{0}, true)
		check(t, err)
		if _, err := e.Run([][]*Buffer{{a, b}}, []int64{0}, true); err == nil {
			t.Fatal("an array that was consumed was taken again")
		}
		b = out[0][0]
	}
	got := make([]float32, n)
	check(t, Download(b, got))
	for i := range values {
		values[i] *= 4
	}
	if !slices.Equal(got, values) {
		t.Error("the sums are wrong")
	}
	b.Free()
	b.Free()
	if err := Download(b, got); err == nil {
		t.Error("an array that was given back was downloaded")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestUnpackedProgramStartsWhateverItIsGiven: files that the child gets take the numbers of those that this process has.
func TestUnpackedProgramStartsWhateverItIsGiven(t *testing.T) {
	echo, err := exec.LookPath("echo")
	if err != nil {
		t.Skip(err)
	}
	program, err := unpack(compressed(t, echo))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cmd := exec.Command(program.path, "started")
	for range program.file.Fd() {
		cmd.ExtraFiles = append(cmd.ExtraFiles, null)
	}
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "started\n" {
		t.Errorf("%v: %q", err, out)
	}
}

// TestHelperThatIsNotThere is named, and not taken for a system without a C library.
func TestHelperThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing")
	t.Setenv(HelperVariable, path)
	if _, err := Open(nonPlugin(t), nil, nil); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "glibc") {
		t.Error(err)
	}
}
