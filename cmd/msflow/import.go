package main

import (
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/spf13/cobra"
)

// importCommand makes a run's folder of a checkpoint of the MSFlow authors' program.
func importCommand() *cobra.Command {
	var model modelFlags
	var data dataFlags
	var out string
	cmd := &cobra.Command{
		Use:   "import CHECKPOINT.pt --out RUN",
		Short: "Make a run of a checkpoint of the MSFlow authors' program",
		Long: "Reads the flow from the checkpoint. Backbone and input size must be given, since the checkpoint does not hold them;\n" +
			"the data set's flags are kept for msflow eval.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, w, err := parseSize(data.Size)
			if err != nil {
				return err
			}
			if err := model.check(); err != nil {
				return err
			}
			folder := runs.Folder(out)
			release, err := folder.Lock("import")
			if err != nil {
				return err
			}
			defer release()
			if err := folder.Begin(); err != nil {
				return err
			}
			c := model.config
			c.Size, c.Seed = [2]int{h, w}, uint64(data.Seed)
			d, err := detector.ImportReference(args[0], c)
			if err != nil {
				return err
			}
			info, err := newInfo(cmd, folder, nil)
			if err != nil {
				return err
			}
			info.Program += ", imported from " + args[0]
			d.Run = info.Run
			if err := errors.Join(folder.WriteInfo(info), d.Save(folder.Detector())); err != nil {
				return err
			}
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, map[string]any{"run": out, "detector": folder.Detector(), "config": d.Config})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the detector is %s\n", folder.Detector())
			return nil
		},
	}
	data.register(cmd)
	model.register(cmd)
	cmd.Flags().StringVar(&out, "out", "", "folder for the run")
	flags.Mark(cmd, flags.OfProcess, "out")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}
