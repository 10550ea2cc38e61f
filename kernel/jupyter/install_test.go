//go:build linux

package jupyter_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// bareEnv is the environment of programs in roots of their own: what it takes to reach package registries, and nothing else.
func bareEnv() []string {
	env := []string{"HOME=/root", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "PIP_CERT=/etc/ssl/certs/ca-certificates.crt", "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// slowAsRoot skips a test that changes the root where that may not be, or where programs for it are missing.
func slowAsRoot(t *testing.T, programs ...string) {
	t.Helper()
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to install the packages on systems of their own")
	}
	if os.Getuid() != 0 {
		t.Skip("only root may change the root")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%v (./install.sh test-all installs it where apt can)", err)
		}
	}
}

// output runs a command, which must succeed and print the wanted words.
func output(t *testing.T, cmd *exec.Cmd, want ...string) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out[max(0, len(out)-3000):])
	}
	for _, w := range want {
		if !strings.Contains(string(out), w) {
			t.Fatalf("%s: no %q in\n%s", cmd, w, out[max(0, len(out)-3000):])
		}
	}
	return string(out)
}

func inRoot(root string, args ...string) *exec.Cmd {
	cmd := exec.Command("chroot", append([]string{root}, args...)...)
	cmd.Env = bareEnv()
	return cmd
}

// one finds the file of a pattern.
func one(t *testing.T, parts ...string) string {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(parts...))
	if len(found) != 1 {
		t.Fatalf("%s: %v", filepath.Join(parts...), found)
	}
	return found[0]
}

// program unpacks msflow out of the archive of a platform into a folder.
func program(t *testing.T, packages, into string) {
	t.Helper()
	archive := one(t, packages, "msflow-*.tar.gz")
	output(t, exec.Command("tar", "xzf", archive, "-C", into, "--strip-components=1"))
}

const answer = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(6 * 7) }\n"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestInstallsOnBareDebian: the archive and the wheel on a Debian that has neither Go nor Jupyter. The wheel comes with Jupyter's
// packages from the registry, is among the kernels, and executes a notebook.
func TestInstallsOnBareDebian(t *testing.T) {
	slowAsRoot(t, "mmdebstrap")
	packages := distribution(t)
	root := filepath.Join(t.TempDir(), "debian")
	output(t, exec.Command("mmdebstrap", "--variant=minbase", "--include=python3-venv,ca-certificates", "bookworm", root))
	for _, name := range []string{"/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, name), string(content))
	}
	program(t, packages, filepath.Join(root, "opt"))
	write(t, filepath.Join(root, "a.go"), answer)
	output(t, inRoot(root, "/opt/msflow", "--version"), "msflow version")
	output(t, inRoot(root, "/opt/msflow", "run", "/a.go"), "42")

	wheel := one(t, packages, "*.whl")
	output(t, exec.Command("cp", wheel, filepath.Join(root, "opt")))
	output(t, inRoot(root, "python3", "-m", "venv", "/env"))
	output(t, inRoot(root, "/env/bin/pip", "install", "-q", "/opt/"+filepath.Base(wheel), "nbconvert==7.17.2"))
	output(t, inRoot(root, "/env/bin/jupyter", "kernelspec", "list"), "/env/share/jupyter/kernels/msflow")
	write(t, filepath.Join(root, "a.ipynb"), notebook)
	output(t, inRoot(root, "/env/bin/jupyter", "nbconvert", "--to", "markdown", "--stdout", "--execute", "/a.ipynb"), "the answer is 42")
}

const notebook = `{"cells":[{"cell_type":"code","execution_count":null,"id":"a","metadata":{},"outputs":[],"source":["\"the answer is \" + fmt.Sprint(6*7)"]}],
"metadata":{"kernelspec":{"display_name":"Go (MSFlow)","language":"go","name":"msflow"}},"nbformat":4,"nbformat_minor":5}`

// TestStartsUnderMusl: in a root whose only C library is musl, a program of that library starts the archive's; and pip for a system
// of musl takes the wheel.
func TestStartsUnderMusl(t *testing.T) {
	slowAsRoot(t, "musl-gcc")
	packages, root := distribution(t), t.TempDir()
	program(t, packages, root)
	output(t, exec.Command("musl-gcc", "-o", filepath.Join(root, "start"), "testdata/install/start.c"))
	if err := os.Mkdir(filepath.Join(root, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	output(t, exec.Command("cp", "-L", one(t, "/lib/ld-musl-*.so.1"), filepath.Join(root, "lib")))
	write(t, filepath.Join(root, "a.go"), answer)
	output(t, inRoot(root, "/start", "/msflow", "run", "/a.go"), "42", "/start: the program ended with 0")
	python := jupyterenv.Python(t)
	output(t, exec.Command(python, "-m", "pip", "download", "-q", "--no-deps", "--no-index", "--find-links", packages, "--only-binary=:all:",
		"--platform", "musllinux_1_1_x86_64", "-d", root, "msflow"))
}

// sourceFile is a file of the module, as x/mod/zip reads it.
type sourceFile struct{ root, path string }

func (f sourceFile) Path() string                 { return f.path }
func (f sourceFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f sourceFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }

// TestGoInstallFromAProxy: the module as a module proxy serves it, with what git keeps and no more, is installed by its version; other
// modules come from the machine's cache or the real proxy.
func TestGoInstallFromAProxy(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to install the module from a proxy")
	}
	const path, version = "github.com/msflow-go/msflow", "v0.9.0-rc.1"
	root, dir := jupyterenv.Root(t), t.TempDir()
	served := filepath.Join(dir, "proxy", path, "@v")
	if err := os.MkdirAll(served, 0o755); err != nil {
		t.Fatal(err)
	}
	list := exec.Command("git", "ls-files")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Skipf("git cannot say which files are the module's: %v", err)
	}
	var files []modzip.File
	for name := range strings.Lines(string(names)) {
		files = append(files, sourceFile{root, strings.TrimSpace(name)})
	}
	archive, err := os.Create(filepath.Join(served, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := modzip.Create(archive, module.Version{Path: path, Version: version}, files); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(served, version+".mod"), read(t, root, "go.mod"))
	write(t, filepath.Join(served, version+".info"), fmt.Sprintf(`{"Version":%q,"Time":"2026-01-02T12:00:00Z"}`, version))
	write(t, filepath.Join(served, "list"), version+"\n")
	cache := strings.TrimSpace(output(t, exec.Command("go", "env", "GOMODCACHE")))
	bin := filepath.Join(dir, "bin")
	install := exec.Command("go", "install", path+"/cmd/msflow@"+version, path+"/cmd/msflow-device@"+version)
	install.Dir = dir
	install.Env = append(os.Environ(), "GOPROXY=file://"+filepath.Join(dir, "proxy")+",file://"+filepath.Join(cache, "cache", "download")+",https://proxy.golang.org",
		"GOPATH="+filepath.Join(dir, "gopath"), "GOMODCACHE="+filepath.Join(dir, "modules"), "GOBIN="+bin, "GONOSUMDB="+path,
		"GOFLAGS=-mod=mod -trimpath -modcacherw", "CGO_ENABLED=0")
	output(t, install)
	output(t, exec.Command(filepath.Join(bin, "msflow"), "--version"), "0.9.0")
	write(t, filepath.Join(dir, "a.go"), answer)
	output(t, exec.Command(filepath.Join(bin, "msflow"), "run", filepath.Join(dir, "a.go")), "42")
}

// session has Jupyter's client start a kernel and run cells, interrupt one, and end it.
func session(t *testing.T, env []string, argv ...string) {
	t.Helper()
	words, err := json.Marshal(argv)
	if err != nil {
		t.Fatal(err)
	}
	python := jupyterenv.Python(t, "jupyter_client")
	out := jupyterenv.Run(t, python, append(apart(t.TempDir()), env...), "testdata/install/client.py", string(words))
	if !strings.Contains(out, "the session went as it should") {
		t.Errorf("the session:\n%s", out)
	}
}

// TestArm64UnderQEMU: the archive for Linux on arm64 runs a program and the reference's cases, and is a kernel for Jupyter's client; the
// methods of interpreted types are entered as on amd64.
func TestArm64UnderQEMU(t *testing.T) {
	slowAsRoot(t, "qemu-aarch64-static")
	dir := t.TempDir()
	program(t, distribution(t, "linux/arm64"), dir)
	write(t, filepath.Join(dir, "a.go"), answer)
	emulated := func(args ...string) *exec.Cmd {
		return exec.Command("qemu-aarch64-static", append([]string{"-cpu", "max"}, args...)...)
	}
	msflow := filepath.Join(dir, "msflow")
	output(t, emulated(msflow, "run", filepath.Join(dir, "a.go")), "42")
	session(t, nil, "qemu-aarch64-static", "-cpu", "max", msflow, "kernel", "start", "--connection-file", "{connection_file}")
	slots := filepath.Join(dir, "slots.test")
	build := exec.Command("go", "test", "-c", "-o", slots, "github.com/msflow-go/msflow/kernel/interp/slots")
	build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	output(t, build)
	output(t, emulated(slots, "-test.v"), "--- PASS: TestEverySlot")
	output(t, emulated(msflow, "verify", filepath.Join(jupyterenv.Root(t), "testdata", "fixtures")), "0 missed")
}

// TestWindowsUnderWine: the archive for Windows runs programs by paths with drives, spaces, long names and CRLF, reads cells from a
// pipe, and is a kernel for a client outside.
func TestWindowsUnderWine(t *testing.T) {
	slowAsRoot(t, "wine", "unzip", "x86_64-w64-mingw32-gcc")
	dir := t.TempDir()
	env := []string{"WINEPREFIX=" + filepath.Join(dir, "wine"), "WINEDEBUG=-all"}
	wine := func(args ...string) *exec.Cmd {
		cmd := exec.Command("wine", args...)
		cmd.Env = append(os.Environ(), env...)
		cmd.Dir = dir
		return cmd
	}
	output(t, wine("wineboot", "-i"))
	defer wine("wineboot", "-k").Run()
	drive := filepath.Join(dir, "wine", "drive_c")
	output(t, exec.Command("x86_64-w64-mingw32-gcc", "-shared", "-o", filepath.Join(drive, "windows", "system32", "bcryptprimitives.dll"),
		"testdata/install/bcryptprimitives.c", "-ladvapi32"))
	output(t, exec.Command("unzip", "-qj", one(t, distribution(t, "windows/amd64"), "msflow-*.zip"), "-d", dir))
	msflow := filepath.Join(dir, "msflow.exe")
	output(t, wine(msflow, "--version"), "msflow version")
	long := strings.Repeat("l", 100)
	folder := filepath.Join(drive, "my runs", long, long, long)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "ä b.go"), strings.ReplaceAll(answer, "\n", "\r\n"))
	output(t, wine(msflow, "run", `C:\my runs\`+long+`\`+long+`\`+long+`\ä b.go`), "42")
	piped := wine(msflow, "repl", "--no-startup", "--no-color")
	piped.Stdin = strings.NewReader("x := 6\r\nfor i := range 2 {\r\n\tx += 18 * i\r\n}\r\nx + 18\r\n")
	output(t, piped, "42")
	session(t, env, "wine", msflow, "kernel", "start", "--connection-file", "Z:{connection_file}")
	output(t, wine(msflow, "verify", "Z:"+filepath.Join(jupyterenv.Root(t), "testdata", "fixtures")), "0 missed")
}
