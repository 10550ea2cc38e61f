package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/msflow-go/msflow/cmd/msflow/internal/evaluator"
	_ "github.com/msflow-go/msflow/kernel/bindings" // what cells may import
	"github.com/msflow-go/msflow/kernel/jupyter"
	"github.com/msflow-go/msflow/kernel/kernelspec"
	"github.com/msflow-go/msflow/kernel/live"
)

func kernelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernel",
		Short: "Install and run the Jupyter kernel",
		Long:  "kernel puts \"" + kernelspec.DisplayName + "\" into Jupyter, finds out why Jupyter does not see it, and is what Jupyter starts.",
	}
	cmd.AddCommand(kernelInstallCommand(), kernelUninstallCommand(), kernelCheckCommand(), kernelStartCommand())
	return cmd
}

// placeFlags are the flags of install and uninstall.
func placeFlags(cmd *cobra.Command, p *kernelspec.Place, name *string) {
	f := cmd.Flags()
	f.BoolVar(&p.User, "user", false, "the user's own Jupyter directory (default)")
	f.BoolVar(&p.SysPrefix, "sys-prefix", false, "the active Python environment")
	f.StringVar(&p.Prefix, "prefix", "", "`DIR`/share/jupyter/kernels")
	f.StringVar(name, "name", kernelspec.DefaultName, "the kernel's `NAME` for Jupyter")
}

func kernelInstallCommand() *cobra.Command {
	var in installation
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Put the kernel into Jupyter",
		Long: "install writes the folder by which Jupyter finds the kernel. With --engine the kernel is another one, whose cells\n" +
			"that evaluator runs. With --as it has the name of another kernel, such as gophernotes, so that notebooks made\n" +
			"with that one open with this; a kernel of that name in the same place is kept, and uninstall puts it back.",
		Example: "  msflow kernel install\n  msflow kernel install --sys-prefix   # into the active Python environment\n" +
			"  msflow kernel install --engine yaegi\n  msflow kernel install --as gophernotes   # undone by: msflow kernel uninstall --name gophernotes",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return in.run(cmd) },
	}
	placeFlags(cmd, &in.place, &in.name)
	in.engine.Flag(cmd.Flags())
	cmd.Flags().StringVar(&in.as, "as", "", "take the `NAME` of another kernel, which is kept: gophernotes, gonb, lgo")
	return cmd
}

// installation is what `msflow kernel install` is asked to do.
type installation struct {
	place  kernelspec.Place
	name   string
	as     string
	engine evaluator.Choice
}

func (in *installation) run(cmd *cobra.Command) error {
	executable, err := kernelspec.Executable()
	if err != nil {
		return err
	}
	dir, err := in.place.Dir()
	if err != nil {
		return err
	}
	spec, name := kernelspec.New(executable), in.name
	if in.engine != "" {
		engine, err := in.engine.Name()
		if err != nil {
			return err
		}
		spec = spec.ForEngine(engine)
		if !cmd.Flags().Changed("name") {
			name = kernelspec.DefaultName + "-" + engine
		}
	}
	if in.as == "" {
		path, err := kernelspec.Install(dir, name, spec)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "installed %s in %s\n", spec.DisplayName, path)
		return nil
	}
	if cmd.Flags().Changed("name") {
		return errors.New("give only one of --name and --as")
	}
	path, replaced, err := kernelspec.TakeOver(dir, in.as, spec)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "installed %s in %s: notebooks of %s open with it\n", spec.DisplayName, path, in.as)
	if replaced != "" {
		fmt.Fprintf(cmd.OutOrStdout(), "it replaces %q, which `msflow kernel uninstall --name %s` puts back\n", replaced, in.as)
	}
	return nil
}

func kernelUninstallCommand() *cobra.Command {
	var place kernelspec.Place
	var name string
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take the kernel out of Jupyter",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := place.Dir()
			if err != nil {
				return err
			}
			path, restored, err := kernelspec.Uninstall(dir, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", path)
			if restored {
				fmt.Fprintf(cmd.OutOrStdout(), "the kernel that had the name before is back\n")
			}
			return nil
		},
	}
	placeFlags(cmd, &place, &name)
	return cmd
}

func kernelCheckCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find out why Jupyter does not see or start the kernel",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			executable, err := os.Executable()
			if err != nil {
				return err
			}
			bad := 0
			for _, f := range kernelspec.Check(cmd.Context(), name, executable) {
				if f.OK {
					fmt.Fprintf(cmd.OutOrStdout(), "ok    %s\n", f.What)
					continue
				}
				bad++
				fmt.Fprintf(cmd.OutOrStdout(), "WRONG %s\n      try: %s\n", f.What, f.Fix)
			}
			if bad > 0 {
				return exitCode(exitError)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", kernelspec.DefaultName, "the kernel's `NAME` for Jupyter")
	return cmd
}

func kernelStartCommand() *cobra.Command {
	var file string
	var choice evaluator.Choice
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Run the kernel, as Jupyter does",
		Long:  "start runs the kernel on a connection file that Jupyter wrote. Without one it makes its own, for `jupyter console --existing`.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := choice.Name(); err != nil {
				return err
			}
			live.Install()
			return jupyter.Process(file, version(), choice.Start, os.Stderr)
		},
	}
	choice.Flag(cmd.Flags())
	cmd.Flags().StringVarP(&file, "connection-file", "f", "", "the connection `FILE`")
	return cmd
}
