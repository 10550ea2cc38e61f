package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/reference"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

func verifyCommand() *cobra.Command {
	var f flags.Device
	cmd := &cobra.Command{
		Use:   "verify FOLDER",
		Short: "Compare this program with the reference's numbers in a folder of fixtures",
		Long: "Every case of the folder is computed again and compared with the reference's results, tensor by tensor.\n" +
			"Values and features may differ by 1e-4 of their norm, gradients and training traces by 1e-3, metrics by 1e-6.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return verifyFolder(cmd, args[0], &f) },
	}
	f.Register(cmd, xla.Float32)
	return cmd
}

func verifyFolder(cmd *cobra.Command, folder string, f *flags.Device) error {
	device, precision, err := f.Open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(cases) == 0 {
		return fmt.Errorf("%s holds no fixtures (NAME.json beside NAME.safetensors)", folder)
	}
	var all []reference.Comparison
	var errs []error
	for _, path := range cases {
		found, err := reference.Verify(cmd.Context(), path, device, precision)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
		all = append(all, found...)
		if !flags.WantsJSON(cmd) {
			printComparisons(cmd, found)
		}
	}
	missed := 0
	for _, c := range all {
		if !c.Passed() {
			missed++
		}
	}
	if flags.WantsJSON(cmd) {
		if err := flags.PrintJSON(cmd, map[string]any{"cases": len(cases), "tensors": len(all), "missed": missed, "comparisons": all}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "%d cases, %d tensors, %d missed\n", len(cases), len(all), missed)
	}
	if missed > 0 {
		errs = append(errs, fmt.Errorf("%d of %d tensors differ from the reference by more than the tolerance", missed, len(all)))
	}
	return errors.Join(errs...)
}

func printComparisons(cmd *cobra.Command, found []reference.Comparison) {
	for _, c := range found {
		mark := "ok  "
		if !c.Passed() {
			mark = "MISS"
		}
		kind := "absolute"
		if c.Relative {
			kind = "relative"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %-26s %-66s %s error %.2e (≤ %.0e)\n", mark, c.Case, c.Tensor, kind, c.Error, c.Tolerance)
	}
}
