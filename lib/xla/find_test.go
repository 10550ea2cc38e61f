package xla

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place makes an empty file.
func place(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// alone takes everything out of the environment that leads to plugins.
func alone(t *testing.T) string {
	t.Helper()
	for _, v := range []string{PluginVariable, LibraryVariable, "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PATH"} {
		t.Setenv(v, "")
	}
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	return dir
}

// TestFindPlugins: the order is MSFLOW_PJRT_PLUGIN, PJRT_PLUGIN_LIBRARY_PATH, Python's packages with the newer CUDA first.
func TestFindPlugins(t *testing.T) {
	dir := alone(t)
	site := filepath.Join(dir, "venv", "lib", "python3.12", "site-packages")
	want := []string{
		place(t, dir, "mine.so"),
		place(t, dir, "libs", "my_pjrt_plugin.so"),
		place(t, site, "jax_plugins", "xla_cuda13", "xla_cuda_plugin.so"),
		place(t, site, "jax_plugins", "xla_cuda12", "xla_cuda_plugin.so"),
		place(t, site, "xla_plugins", "xla_cpu_pjrt", "xla_cpu_pjrt.so"),
	}
	place(t, dir, "libs", "other.so")
	t.Setenv(PluginVariable, want[0])
	t.Setenv(LibraryVariable, filepath.Join(dir, "libs"))
	t.Setenv("VIRTUAL_ENV", filepath.Join(dir, "venv"))
	found := FindPlugins()
	for i, p := range found {
		if i >= len(want) {
			break // the machine's own
		}
		if p.Path != want[i] {
			t.Errorf("plugin %d is %s, want %s", i, p.Path, want[i])
		}
		if p.CUDA() != strings.Contains(want[i], "cuda") {
			t.Errorf("%s: CUDA is %t", p.Path, p.CUDA())
		}
	}
	if len(found) < len(want) {
		t.Fatalf("found %d plugins: %v", len(found), found)
	}
	if found[2].site != site {
		t.Errorf("%s lies in the site-packages %q", found[2].Path, found[2].site)
	}
}

// TestOpenWithoutPlugin: cuda says what to do, auto falls back with the reason.
func TestOpenWithoutPlugin(t *testing.T) {
	dir := alone(t)
	t.Setenv(PluginVariable, place(t, dir, "cuda.so")) // an empty file is no library
	d, _, err := Open(CUDA)
	if d != nil || err == nil || !strings.Contains(err.Error(), "cuda.so") {
		t.Errorf("cuda: %v, %v", d, err)
	}
	d, note, err := Open(Auto)
	if d != nil || err != nil || !strings.Contains(note, "processor") || !strings.Contains(note, "cuda.so") {
		t.Errorf("auto: %v, %q, %v", d, note, err)
	}
	if _, _, err := Open("tpu"); err == nil || !strings.Contains(err.Error(), "tpu") {
		t.Errorf("an unknown device: %v", err)
	}
	if d, note, err := Open(CPU); d != nil || note != "" || err != nil {
		t.Errorf("cpu: %v, %q, %v", d, note, err)
	}
	reports := Report()
	if len(reports) == 0 || reports[0].Err == nil {
		t.Errorf("the doctor's report: %+v", reports)
	}
}
