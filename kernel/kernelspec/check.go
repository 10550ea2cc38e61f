package kernelspec

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/protocol"
)

// Finding is one thing that Check looked at.
type Finding struct {
	OK   bool
	What string
	Fix  string // what to do; empty when OK
}

// Check looks at everything between Jupyter and a kernel that answers, in order; later findings may follow from earlier
// ones.
func Check(ctx context.Context, name, executable string) []Finding {
	dirs := searchPath(ctx)
	installed, found := installation(dirs, name)
	findings := []Finding{found}
	if installed != "" {
		findings = append(findings, checkSpec(installed, executable)...)
	}
	findings = append(findings, checkJupyter(ctx, name, installed), checkStart(ctx, executable))
	return findings
}

// searchPath is where Jupyter looks for kernels: what it says itself, or what its documentation says when it is not to be
// found.
func searchPath(ctx context.Context) []string {
	if out, err := exec.CommandContext(ctx, "jupyter", "--paths", "--json").Output(); err == nil {
		var paths struct {
			Data []string `json:"data"`
		}
		if json.Unmarshal(out, &paths) == nil && len(paths.Data) > 0 {
			return paths.Data
		}
	}
	dirs := filepath.SplitList(os.Getenv("JUPYTER_PATH"))
	if dir, err := userDataDir(); err == nil {
		dirs = append(dirs, dir)
	}
	if prefix, err := sysPrefix(); err == nil {
		dirs = append(dirs, filepath.Join(prefix, "share", "jupyter"))
	}
	return append(dirs, "/usr/local/share/jupyter", "/usr/share/jupyter")
}

func installation(dirs []string, name string) (string, Finding) {
	for _, d := range dirs {
		if dir := filepath.Join(d, "kernels", name); exists(filepath.Join(dir, "kernel.json")) {
			return dir, Finding{true, "kernel " + name + " is installed in " + dir, ""}
		}
	}
	return "", Finding{false, fmt.Sprintf("no kernel called %s in %s", name, strings.Join(dirs, ", ")), "msflow kernel install"}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func checkSpec(dir, executable string) []Finding {
	spec, err := Read(dir)
	if err != nil {
		return []Finding{{false, err.Error(), "msflow kernel install"}}
	}
	if len(spec.Argv) == 0 {
		return []Finding{{false, filepath.Join(dir, "kernel.json") + " has no argv", "msflow kernel install"}}
	}
	program := strings.ReplaceAll(spec.Argv[0], "{resource_dir}", dir) // as Jupyter reads it; a wheel's kernel is found so
	st, err := os.Stat(program)
	switch {
	case err != nil:
		return []Finding{{false, "the kernel's program is gone: " + err.Error(), "msflow kernel install"}}
	case st.IsDir() || st.Mode()&0o111 == 0 && filepath.Ext(program) != ".exe":
		return []Finding{{false, program + " is not executable", "chmod +x " + program}}
	case !filepath.IsAbs(program):
		return []Finding{{false, program + " is not an absolute path: Jupyter may not find it", "msflow kernel install"}}
	}
	other, err := os.Stat(executable)
	if err == nil && !os.SameFile(st, other) {
		return []Finding{{false, fmt.Sprintf("Jupyter starts %s, not this program, %s", program, executable), "msflow kernel install, if this one is the newer"}}
	}
	return []Finding{{true, "it starts " + program, ""}}
}

func checkJupyter(ctx context.Context, name, installed string) Finding {
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		return Finding{false, "there is no jupyter on PATH", "pip install jupyterlab, or activate the environment that has it"}
	}
	cmd := exec.CommandContext(ctx, jupyter, "kernelspec", "list", "--json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return Finding{false, fmt.Sprintf("%s kernelspec list: %v: %s", jupyter, err, lastLine(stderr.String())), "pip install jupyter_client"}
	}
	var list struct {
		Kernels map[string]struct {
			Dir string `json:"resource_dir"`
		} `json:"kernelspecs"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return Finding{false, fmt.Sprintf("%s kernelspec list says %.80q", jupyter, out), "pip install --upgrade jupyter_client"}
	}
	k, ok := list.Kernels[name]
	switch {
	case !ok && installed != "":
		return Finding{false, fmt.Sprintf("%s does not see %s", jupyter, installed),
			"msflow kernel install --sys-prefix with Jupyter's environment active, or look for allowed_kernelspecs in jupyter_config"}
	case !ok:
		return Finding{false, jupyter + " does not see the kernel", "msflow kernel install"}
	}
	return Finding{true, fmt.Sprintf("%s sees it in %s", jupyter, k.Dir), ""}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// checkStart starts the kernel and waits for the greetings of its sockets.
func checkStart(ctx context.Context, executable string) Finding {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "msflow-check-")
	if err != nil {
		return Finding{false, err.Error(), "free some space in the temporary directory"}
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "connection.json")
	conn := &protocol.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "check", Scheme: "hmac-sha256"}
	if err := conn.Write(file); err != nil {
		return Finding{false, err.Error(), "free some space in the temporary directory"}
	}
	cmd := exec.CommandContext(ctx, executable, "kernel", "start", "--connection-file", file)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Finding{false, fmt.Sprintf("starting %s: %v", executable, err), "build msflow for this machine"}
	}
	exited := make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	defer func() { <-exited }()
	defer cmd.Process.Kill()
	if err := answers(ctx, file, exited); err != nil {
		return Finding{false, fmt.Sprintf("%s kernel start: %v: %s", executable, err, lastLine(output.String())), "report it with this message"}
	}
	return Finding{true, fmt.Sprintf("the kernel starts and answers within %v", time.Since(start).Round(time.Millisecond)), ""}
}

// answers waits until the kernel has filled in its ports and greets on each.
func answers(ctx context.Context, file string, exited <-chan struct{}) error {
	for {
		conn, err := protocol.ReadConnection(file)
		if err == nil && conn.Shell > 0 {
			return greets(conn)
		}
		select {
		case <-exited:
			return fmt.Errorf("ended at once")
		case <-ctx.Done():
			return fmt.Errorf("no answer")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func greets(c *protocol.Connection) error {
	for _, port := range slices.Sorted(slices.Values([]int{c.Shell, c.Control, c.Stdin, c.IOPub, c.HB})) {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", c.IP, port), 2*time.Second)
		if err != nil {
			return err
		}
		conn.SetDeadline(time.Now().Add(2 * time.Second))
		first := make([]byte, 1)
		_, err = conn.Read(first)
		conn.Close()
		if err != nil || first[0] != 0xff {
			return fmt.Errorf("port %d does not speak ZMTP", port)
		}
	}
	return nil
}
