package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/msflow-go/msflow/cmd/msflow/internal/evaluator"
	_ "github.com/msflow-go/msflow/kernel/bindings" // what programs may import
	"github.com/msflow-go/msflow/kernel/interp"
)

// runCommand is `msflow run FILE`, of a program or a notebook.
func runCommand() *cobra.Command {
	var nb notebookRun
	cmd := &cobra.Command{
		Use:   "run FILE.go [ARGS] | run NOTEBOOK.ipynb [-p NAME=VALUE]... [-o OUT.ipynb] [--html [--sanitize]] [--overwrite]",
		Short: "Run a Go program in the interpreter, or a notebook",
		Long: "run interprets a Go program: a file with func main, or the directory of a main package.\n" +
			"No Go toolchain is needed for what is compiled in. The program gets the arguments that\n" +
			"follow its name, standard input and output, and signals; its exit code is that of msflow.\n\n" +
			"A notebook is run cell by cell, in its own folder, without Jupyter or Python. Parameters are\n" +
			"set after the cell tagged \"parameters\", whose variables they are. With -o the notebook and its\n" +
			"outputs are stored after every cell, always in whole, and up to the cell that failed, if one does\n" +
			"(the exit code is then 1, or 2 if it was a goroutine that panicked); without -o and --html, what\n" +
			"the cells print goes to standard output.",
		Example: "  msflow run hello.go\n  msflow run ./tool -v input.txt\n" +
			"  msflow run notebooks/01-quickstart.ipynb -p epochs=40 -p seed=2 -o out.ipynb --html",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.HasSuffix(args[0], ".ipynb") {
				return nb.run(cmd, args)
			}
			if err := onlyForNotebooks(cmd.Flags()); err != nil {
				return err
			}
			if _, err := os.Stat(args[0]); err != nil {
				return err
			}
			if name, err := nb.engine.Name(); err != nil {
				return err
			} else if name == "yaegi" {
				code, err := evaluator.RunProgram(cmd.Context(), args[0], args[1:], os.Stdout, os.Stderr)
				if err != nil || code == 0 {
					return err
				}
				return exitCode(code)
			}
			signal.Reset(interrupts()...) // they are the program's
			if code := interp.RunProgram(args[0], args[1:], os.Stderr); code != 0 {
				return exitCode(code)
			}
			return nil
		},
	}
	cmd.Flags().SetInterspersed(false) // flags after the file are the program's
	nb.flags(cmd.Flags())
	return cmd
}

// onlyForNotebooks refuses the flags of a notebook's run.
func onlyForNotebooks(f *pflag.FlagSet) error {
	for _, name := range []string{"param", "output", "html", "sanitize", "overwrite"} {
		if f.Changed(name) {
			return fmt.Errorf("--%s is for notebooks (.ipynb)", name)
		}
	}
	return nil
}
