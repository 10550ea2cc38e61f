package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	_ "github.com/msflow-go/msflow/kernel/bindings" // what cells may import
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/live"
	"github.com/msflow-go/msflow/kernel/magics"
	"github.com/msflow-go/msflow/kernel/repl"
)

// replFlags are the flags of `msflow repl`.
type replFlags struct {
	noColor   bool
	startup   string
	noStartup bool
	noHistory bool
}

// replCommand is `msflow repl`, and `msflow` alone on a terminal.
func replCommand() *cobra.Command {
	var f replFlags
	cmd := &cobra.Command{
		Use:   "repl",
		Short: "Go and MSFlow in the terminal, interactively",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runREPL(cmd, f)
		},
		Args: cobra.NoArgs,
	}
	return cmd
}

func runREPL(cmd *cobra.Command, f replFlags) error {
	signal.Reset(os.Interrupt, syscall.SIGTERM) // Ctrl-C stops a cell, not the program
	log, err := history.Open(history.DefaultPath())
	if err != nil {
		fmt.Fprintf(os.Stderr, "msflow: %v; this session's history is kept in memory\n", err)
	}
	live.Install()
	o := repl.Options{
		Start:   func() (engine.Evaluator, error) { return startEngine(log) },
		History: log, Startup: startupFile(f), Version: version(), Colours: !f.noColor && repl.Colours(),
		In: os.Stdin, Out: os.Stdout,
	}
	err = repl.Run(cmd.Context(), o)
	var exit repl.ExitError
	if errors.As(err, &exit) {
		return exitCode(exit)
	}
	return err
}

func startEngine(log *history.Log) (engine.Evaluator, error) {
	base, err := engine.New()
	if err != nil {
		return nil, err
	}
	return magics.New(base, log)
}

// startupFile is the file of declarations that every session begins with.
func startupFile(f replFlags) string {
	switch {
	case f.noStartup:
		return ""
	case f.startup != "":
		return f.startup
	case os.Getenv("MSFLOW_STARTUP") != "":
		return os.Getenv("MSFLOW_STARTUP")
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "msflow", "startup.go")
}

// onTerminal reports whether a person sits at both ends.
func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}
