package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

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
	var place kernelspec.Place
	var name string
	cmd := &cobra.Command{
		Use:     "install",
		Short:   "Put the kernel into Jupyter",
		Example: "  msflow kernel install\n  msflow kernel install --sys-prefix   # into the active Python environment",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			executable, err := kernelspec.Executable()
			if err != nil {
				return err
			}
			dir, err := place.Dir()
			if err != nil {
				return err
			}
			path, err := kernelspec.Install(dir, name, kernelspec.New(executable))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "installed %s in %s\n", kernelspec.DisplayName, path)
			return nil
		},
	}
	placeFlags(cmd, &place, &name)
	return cmd
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
			path, err := kernelspec.Uninstall(dir, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", path)
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
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Run the kernel, as Jupyter does",
		Long:  "start runs the kernel on a connection file that Jupyter wrote. Without one it makes its own, for `jupyter console --existing`.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			live.Install()
			return jupyter.Process(file, version(), os.Stderr)
		},
	}
	cmd.Flags().StringVarP(&file, "connection-file", "f", "", "the connection `FILE`")
	return cmd
}
