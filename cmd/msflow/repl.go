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

	"github.com/msflow-go/msflow/cmd/msflow/internal/evaluator"
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
	engine    evaluator.Choice
}

// replCommand is `msflow repl`, and `msflow` alone on a terminal.
func replCommand() *cobra.Command {
	var f replFlags
	cmd := &cobra.Command{
		Use:   "repl",
		Short: "Go and MSFlow in the terminal, interactively",
		Long: "repl evaluates Go as it is typed, with this module, Gonum, Gorgonia and the standard library at hand.\n" +
			"`msflow` alone on a terminal does the same. Enter runs what is complete and opens a new line for\n" +
			"what is not; Tab completes, Shift-Tab describes the name at the cursor, Ctrl-R searches the history\n" +
			"that all sessions and notebooks share, Ctrl-C clears a line or stops a cell, Ctrl-D leaves.\n\n" +
			"Go that comes from a pipe is run as a script, without prompts, up to its first error.\n" +
			"Declarations for every session go into " + startupPlace() + ".",
		Example: "  msflow\n  echo 'fmt.Println(runtime.Version())' | msflow repl\n  msflow repl --startup lab.go",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runREPL(cmd, f) },
	}
	cmd.Flags().BoolVar(&f.noColor, "no-color", false, "no colours; so does the environment variable NO_COLOR")
	cmd.Flags().StringVar(&f.startup, "startup", "", "run this Go `FILE` first, instead of "+startupPlace())
	f.engine.Flag(cmd.Flags())
	cmd.Flags().BoolVar(&f.noStartup, "no-startup", false, "run no startup file")
	return cmd
}

func runREPL(cmd *cobra.Command, f replFlags) error {
	signal.Reset(os.Interrupt, syscall.SIGTERM) // Ctrl-C stops a cell, not the program
	err := startREPL(cmd, f)
	var exit repl.ExitError
	if errors.As(err, &exit) {
		if exit == 0 {
			return nil
		}
		return exitCode(exit)
	}
	var failed *engine.Error
	if errors.As(err, &failed) {
		fmt.Fprint(cmd.ErrOrStderr(), repl.ErrorText(err))
		return exitCode(exitError)
	}
	return err
}

func startREPL(cmd *cobra.Command, f replFlags) error {
	in, out, errs := os.Stdin, os.Stdout, os.Stderr // the engine takes their places
	inTTY, outTTY := term.IsTerminal(int(in.Fd())), term.IsTerminal(int(out.Fd()))
	if !inTTY {
		eval, err := startEngine(f.engine, new(history.Log))
		if err != nil {
			return err
		}
		return repl.Script(cmd.Context(), eval, in, out, errs)
	}
	log, err := history.Open(history.DefaultPath())
	if err != nil {
		fmt.Fprintf(errs, "msflow: %v; this session's history is kept in memory\n", err)
	}
	live.Install()
	if !outTTY || repl.Dumb() {
		eval, err := startEngine(f.engine, log)
		if err != nil {
			return err
		}
		return repl.Plain(cmd.Context(), repl.PlainOptions{Evaluator: eval, History: log, Startup: startupFile(f), In: in, Out: out, Prompts: errs})
	}
	return repl.Run(cmd.Context(), repl.Options{
		Start:   func() (engine.Evaluator, error) { return startEngine(f.engine, log) },
		History: log, Startup: startupFile(f), Version: version(), Colours: !f.noColor && repl.Colours(), In: in, Out: out,
	})
}

func startEngine(choice evaluator.Choice, log *history.Log) (engine.Evaluator, error) {
	base, err := choice.Start()
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
	return startupPlace()
}

// startupPlace is where the startup file is looked for.
func startupPlace() string {
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
