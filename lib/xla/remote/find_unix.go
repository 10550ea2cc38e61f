//go:build unix

package remote

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const name = "msflow-device"

// found is a program to start; Close after it was started.
type found struct {
	path string
	file *os.File // of one that was unpacked
}

func (f found) Close() {
	if f.file != nil {
		f.file.Close()
	}
}

// find looks for msflow-device: where the environment says, inside of this program, beside it, on the PATH.
func find() (found, error) {
	if path := os.Getenv(HelperVariable); path != "" {
		return found{path: path}, nil
	}
	if len(embedded) > 0 {
		return unpack(embedded)
	}
	if self, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(self), name); isFile(beside) {
			return found{path: beside}, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return found{path: path}, nil
	}
	return found{}, fmt.Errorf("devices other than the processor need the program %s, which is neither inside of this one nor beside it nor on the PATH; "+
		"go install github.com/msflow-go/msflow/cmd/%s builds it, and %s may name it", name, name, HelperVariable)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// unpack puts a compressed program into memory that can be executed as a file.
func unpack(compressed []byte) (found, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return found{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	f, err := anonymous(name)
	if err != nil {
		return found{}, err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return found{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	process, err := os.Readlink("/proc/self")
	if err != nil {
		f.Close()
		return found{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	// By this process's number: in the child, where the program is started, the descriptor may be that of a file which it is given.
	return found{fmt.Sprintf("/proc/%s/fd/%d", process, f.Fd()), f}, nil
}
