package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const modulePath = "github.com/msflow-go/msflow"

var errNoModule = errors.New("the source of " + modulePath + " was not found; --module says where it is")

// moduleRoot is the folder of this module's source: the given one, or that around the working directory, the notebook or
// this program.
func moduleRoot(given, notebook string) (string, error) {
	if given != "" {
		if !isModule(given) {
			return "", fmt.Errorf("--module %s: it has no go.mod of %s", given, modulePath)
		}
		return filepath.Abs(given)
	}
	places := []string{".", filepath.Dir(notebook)}
	if executable, err := os.Executable(); err == nil {
		places = append(places, filepath.Dir(executable))
	}
	for _, p := range places {
		dir, err := filepath.Abs(p)
		if err != nil {
			return "", err
		}
		for ; ; dir = filepath.Dir(dir) {
			if isModule(dir) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", errNoModule
}

func isModule(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && bytes.Contains(data, []byte("module "+modulePath+"\n"))
}

// moduleFiles are go.mod and go.sum of a program that uses the module at root, with the very versions that root uses.
func moduleFiles(root, name string) (mod, sum string, err error) {
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", "", err
	}
	hashes, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return "", "", err
	}
	version, required := requirements(own)
	var b strings.Builder
	fmt.Fprintf(&b, "module %s\n\ngo %s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n\nrequire (\n", name, version, modulePath, modulePath, root)
	for _, r := range required {
		fmt.Fprintf(&b, "\t%s // indirect\n", r)
	}
	b.WriteString(")\n")
	return b.String(), string(hashes), nil
}

// requirements reads the go version and the required modules out of a go.mod.
func requirements(mod []byte) (version string, required []string) {
	in := false
	for s := bufio.NewScanner(bytes.NewReader(mod)); s.Scan(); {
		line, _, _ := strings.Cut(strings.TrimSpace(s.Text()), "//")
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == "go":
			version = f[1]
		case len(f) == 2 && f[0] == "require" && f[1] == "(":
			in = true
		case len(f) == 1 && f[0] == ")":
			in = false
		case in && len(f) == 2:
			required = append(required, f[0]+" "+f[1])
		case len(f) == 3 && f[0] == "require":
			required = append(required, f[1]+" "+f[2])
		}
	}
	return version, required
}
