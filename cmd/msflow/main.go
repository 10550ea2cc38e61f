// Command msflow trains, judges and uses MSFlow anomaly detectors, and runs Go notebooks about them. One file per verb.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/msflow-go/msflow/cmd/msflow/internal/bench"
	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit codes: 1 for anything that went wrong, 2 when a goroutine of a program or notebook panicked, as in Go, 130 when the user
// interrupted.
const (
	exitError       = 1
	exitPanicked    = 2
	exitInterrupted = 130
)

// run is the program: its arguments in, its exit code out.
func run(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "msflow: a mistake inside msflow: %v\n", p)
			if os.Getenv("MSFLOW_TRACE") != "" {
				fmt.Fprintf(stderr, "%s", debug.Stack())
			} else {
				fmt.Fprintln(stderr, "please report it; MSFLOW_TRACE=1 prints where it happened")
			}
			code = exitError
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), interrupts()...)
	defer stop()
	root := rootCommand()
	root.SetArgs(args)
	given := quote.NewGiven(args)
	out := &printed{to: given.Writer(stdout)}
	root.SetOut(out)
	root.SetErr(given.Writer(stderr))
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.lost
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "msflow: interrupted")
		return exitInterrupted
	}
	var exit exitCode
	if errors.As(err, &exit) {
		return int(exit)
	}
	fmt.Fprintf(stderr, "msflow: %s\n", given.Message(err))
	return exitError
}

// printed is standard output, and what of it could not be written: a table that is lost must not end in success.
type printed struct {
	to   io.Writer
	lost error
}

func (p *printed) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	if err != nil && p.lost == nil {
		p.lost = fmt.Errorf("printing the results: %w", err)
	}
	return n, err
}

// interrupts are the signals that stop a command in order. A terminal that is closed sends SIGHUP, unless nohup asks to go on.
func interrupts() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// exitCode is an error that says nothing more: what there is to say has been said.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "msflow",
		Short:         "Normalizing flows for industrial anomaly detection",
		Long:          "msflow trains, judges and uses MSFlow detectors (multi-scale normalizing flows, arXiv 2308.15300).",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	root.AddCommand(trainCommand(), evalCommand(), calibrateCommand(), predictCommand(), serveCommand(), importCommand(), featuresCommand(), dataCommand(), verifyCommand(), weightsCommand(), bench.Command(), doctorCommand(), kernelCommand(), replCommand(), runCommand(), exportCommand(), sweepCommand(), tableCommand(), reportCommand())
	root.RunE = func(cmd *cobra.Command, _ []string) error { // a person who types only msflow wants to talk to it
		if onTerminal() {
			return runREPL(cmd, replFlags{})
		}
		return cmd.Help()
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flags.Suggest(cmd.Flags(), err) })
	root.PersistentFlags().Bool("json", false, "print one JSON object on stdout")
	root.PersistentFlags().Bool("offline", false, "never use the network")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if offline, _ := cmd.Flags().GetBool("offline"); offline {
			return os.Setenv("MSFLOW_OFFLINE", "1")
		}
		return nil
	}
	return root
}

// release is the version that CHANGELOG.md tells of.
const release = "0.9.0"

// version is the release, with the commit that the program was built from where that is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return release + "+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return release
}
