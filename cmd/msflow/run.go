package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	_ "github.com/msflow-go/msflow/kernel/bindings" // what programs may import
	"github.com/msflow-go/msflow/kernel/engine"
)

// runCommand is `msflow run FILE.go`.
func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run FILE.go [ARGS]",
		Short: "Run a Go program in the interpreter",
		Long: "run interprets a Go program: a file with func main, or the directory of a main package.\n" +
			"No Go toolchain is needed for what is compiled in. The program gets the arguments that\n" +
			"follow its name, standard input and output, and signals; its exit code is that of msflow.",
		Example: "  msflow run hello.go\n  msflow run ./tool -v input.txt",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Reset(os.Interrupt, syscall.SIGTERM) // they are the program's
			if code := engine.RunProgram(args[0], args[1:], os.Stderr); code != 0 {
				return exitCode(code)
			}
			return nil
		},
	}
	cmd.Flags().SetInterspersed(false) // flags after the file are the program's
	return cmd
}
