package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/spf13/cobra"
)

func weightsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "weights", Short: "List, get and convert backbones' weights"}
	cmd.AddCommand(weightsList(), weightsGet(), weightsConvert())
	return cmd
}

// weightsRow is one published file.
type weightsRow struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	URL    string `json:"url"`
	Here   string `json:"here,omitempty"` // its path, or "inside the program"
	Page   string `json:"page,omitempty"` // where a person gets a file that is not downloaded
}

func weightsList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the published weights and which of them are here",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows := weightsRows()
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, rows)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "BACKBONE\tFILE\tSHA-256\tHERE")
			for _, r := range rows {
				if r.Page != "" {
					fmt.Fprintf(w, "%s\t--weights FILE\t\tfrom %s\n", r.Name, r.Page)
					continue
				}
				fmt.Fprintf(w, "%s\t%s\t%.8s…\t%s\n", r.Name, r.File, r.SHA256, r.Here)
			}
			return w.Flush()
		},
	}
}

func weightsRows() []weightsRow {
	var rows []weightsRow
	for _, e := range weights.Published() {
		row := weightsRow{Name: e.Name, File: e.File, SHA256: e.SHA256, URL: e.URL, Page: e.Page}
		if e.Page != "" {
			rows = append(rows, row)
			continue
		}
		if path, err := weights.Find(e.Name, "", true); err == nil {
			row.Here = path
		}
		if e.URL == "" {
			row.Here = "inside the program"
		}
		rows = append(rows, row)
	}
	return rows
}

func weightsGet() *cobra.Command {
	return &cobra.Command{
		Use:   "get BACKBONE",
		Short: "Download a backbone's weights into the cache folder and check them",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := weights.Finder{Offline: os.Getenv("MSFLOW_OFFLINE") != ""}.Find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, map[string]string{"name": args[0], "path": path})
			}
			fmt.Fprintln(cmd.OutOrStdout(), path)
			return nil
		},
	}
}

func weightsConvert() *cobra.Command {
	var overwrite bool
	cmd := &cobra.Command{
		Use:   "convert FROM TO.safetensors",
		Short: "Convert PyTorch weights (.pth, .pt) to safetensors",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := runs.Free(args[1], overwrite, "TO"); err != nil {
				return err
			}
			if err := weights.Convert(args[0], args[1]); err != nil {
				return err
			}
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, map[string]string{"from": args[0], "to": args[1]})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", args[1])
			return nil
		},
	}
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "replace the file TO")
	return cmd
}
