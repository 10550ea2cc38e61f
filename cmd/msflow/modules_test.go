package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestModules imports popular modules in sessions of their own, as somebody does who types. It needs a module proxy.
func TestModules(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to import popular modules from a proxy")
	}
	list, err := os.ReadFile(filepath.Join("testdata", "modules.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, " | ", 3)
		if len(fields) != 3 {
			t.Fatalf("%q is no line of modules.txt", line)
		}
		module, version, _ := strings.Cut(fields[0], " ")
		t.Run(module, func(t *testing.T) { importModule(t, module+"@"+version, fields[1], fields[2]) })
	}
}

func importModule(t *testing.T, module, imports, expression string) {
	script := "%get " + module + "\n" + importLines(imports) + "fmt.Println(" + expression + ")\nfmt.Println(\"GO\" + \"OD\")\n"
	cmd := exec.Command(os.Args[0], "repl", "--no-startup", "--no-color")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Dir = t.TempDir() // out of our own module, which %get would change
	cmd.Stdin = strings.NewReader(script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "GOOD\n") {
		text := out.String()
		t.Errorf("%v: %s", err, text[max(0, len(text)-600):])
	}
}

// importLines reads "path", "name path" and "path _ path".
func importLines(imports string) string {
	words := strings.Fields(imports)
	switch len(words) {
	case 1:
		return fmt.Sprintf("import %q\n", words[0])
	case 2:
		return fmt.Sprintf("import %s %q\n", words[0], words[1])
	}
	return fmt.Sprintf("import %q\nimport %s %q\n", words[0], words[1], words[2])
}
