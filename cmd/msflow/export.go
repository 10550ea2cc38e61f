package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/notebook"
	"github.com/msflow-go/msflow/kernel/notebook/program"
)

// exportFlags are the flags of msflow export.
type exportFlags struct {
	out, module string
	detector    detectorExport
	overwrite   bool
}

// exportCommand is `msflow export`, of notebooks and of detectors.
func exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export NOTEBOOK.ipynb -o DIR | export RUN|DETECTOR -o MODEL.onnx | export RUN|DETECTOR --go DIR",
		Short: "Turn a notebook into a Go program, a detector into an ONNX model or a Go package",
		Long: "Of a notebook, export writes a Go program that go build compiles and that prints what the notebook prints. Cells become\n" +
			"functions, the variables of the cell tagged \"parameters\" flags, and text comments. Nothing is run.\n\n" + detectorExportHelp,
		Example: "  msflow export notebooks/01-quickstart.ipynb -o quickstart\n  cd quickstart && go build && ./quickstart -epochs 40\n" +
			"  msflow export runs/parts -o parts.onnx\n  msflow export runs/parts --go parts",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringVarP(&f.out, "output", "o", "", "folder of a notebook's program, or the file of a detector's ONNX model")
	cmd.Flags().BoolVar(&f.overwrite, "overwrite", false, "write the program, model or package again where there is one")
	cmd.Flags().StringVar(&f.module, "module", "", "source folder of msflow; without it, the one around the working directory, the notebook or this program")
	f.detector.register(cmd)
	return cmd
}

func (f *exportFlags) run(cmd *cobra.Command, from string) error {
	notebook := strings.EqualFold(filepath.Ext(from), ".ipynb")
	switch {
	case !notebook:
		if f.out != "" {
			if err := runs.Free(f.out, f.overwrite, "-o"); err != nil {
				return err
			}
		}
		if dir := f.detector.goDir; dir != "" {
			if err := freeForPackage(dir, f.overwrite); err != nil {
				return err
			}
		}
		return f.detector.run(cmd, from, f.out, f.module)
	case f.detector.goDir != "":
		return errors.New("--go is for detectors; the program of a notebook goes to -o DIR")
	case f.out == "":
		return errors.New("-o DIR says where the program goes")
	}
	if err := freeForProgram(f.out, f.overwrite); err != nil {
		return err
	}
	return exportNotebook(cmd, from, f.out, f.module)
}

func exportNotebook(cmd *cobra.Command, path, out, module string) error {
	n, err := notebook.ReadGo(path)
	if err != nil {
		return err
	}
	root, err := moduleRoot(module, path)
	if err != nil {
		return err
	}
	s, err := engine.New()
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := program.Translate(cmd.Context(), s, n, programName(path))
	if err != nil {
		return fmt.Errorf("exporting %s: %w", path, err)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "msflow: %s\n", w)
	}
	mod, sum, err := moduleFiles(root, p.Name)
	if err != nil {
		return err
	}
	for name, content := range map[string]string{"main.go": p.Source, "go.mod": mod, "go.sum": sum} {
		err := runs.WriteFile(filepath.Join(out, name), func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return err
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote %s; build it there with go build\n", out)
	return nil
}

// freeForProgram refuses a folder that holds something, unless it is an export that may be written again: its program may have been
// worked on since.
func freeForProgram(dir string, overwrite bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("-o %s: it is to be a folder: %w", dir, quote.Reason(err))
	}
	old, err := os.ReadFile(filepath.Join(dir, "main.go"))
	switch exported := err == nil && bytes.Contains(old, []byte("msflow export made a program of it")); {
	case !exported:
		return fmt.Errorf("%s is not empty, and holds no earlier export", dir)
	case !overwrite:
		return fmt.Errorf("%s holds an earlier export; --overwrite writes it again, and what was changed in it is lost", dir)
	}
	return nil
}

// programName is a notebook's file name as that of a program: 01-quickstart.ipynb is quickstart.
func programName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	name = strings.TrimLeft(name, "0123456789-_. ")
	name = strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_') {
			return r
		}
		return '-'
	}, name)
	if name = strings.Trim(name, "-_"); name == "" {
		return "notebook"
	}
	return name
}
