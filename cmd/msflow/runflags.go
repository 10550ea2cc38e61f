package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// runFlags visits the flags of a command that a run keeps.
func runFlags(cmd *cobra.Command, visit func(f *pflag.Flag)) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !flags.Marked(f, flags.OfProcess) {
			visit(f)
		}
	})
}

// flagValues are the flags of a run by name.
type flagValues map[string]string

// keepFlags gives the flags' values, and the names of those that the user gave. Relative paths become relative to the run.
func keepFlags(cmd *cobra.Command, folder runs.Folder) (values flagValues, given []string) {
	values = flagValues{}
	runFlags(cmd, func(f *pflag.Flag) {
		values[f.Name] = f.Value.String()
		if flags.Marked(f, flags.IsPath) {
			values[f.Name] = folder.Relative(f.Value.String())
		}
		if f.Changed {
			given = append(given, f.Name)
		}
	})
	return values, given
}

// resumedFlags are the flags to keep of a run that is resumed: paths that the user did not give stay as the run has them, so
// that run.json does not change by a second look at it.
func resumedFlags(cmd *cobra.Command, folder runs.Folder, before flagValues) flagValues {
	values, _ := keepFlags(cmd, folder)
	runFlags(cmd, func(f *pflag.Flag) {
		if old, kept := before[f.Name]; kept && flags.Marked(f, flags.IsPath) && !f.Changed {
			values[f.Name] = old
		}
	})
	return values
}

// settings are the values that decide what comes out: they make up the run's id.
func (v flagValues) settings(cmd *cobra.Command) flagValues {
	out := flagValues{}
	runFlags(cmd, func(f *pflag.Flag) {
		if value, kept := v[f.Name]; kept && !flags.Marked(f, flags.OfPlace) && !flags.Marked(f, flags.IsPath) {
			out[f.Name] = value
		}
	})
	return out
}

// apply sets a command's flags to those of the run. One that the user gave must say the same, unless its mark allows more.
func (v flagValues) apply(cmd *cobra.Command, folder runs.Folder) error {
	var failed error
	runFlags(cmd, func(f *pflag.Flag) {
		value, kept := v[f.Name]
		if !kept || failed != nil {
			return
		}
		if flags.Marked(f, flags.IsPath) {
			value = folder.Absolute(value)
		}
		if f.Changed {
			failed = agree(f, value)
			return
		}
		if err := f.Value.Set(value); err != nil {
			failed = fmt.Errorf("the run's --%s %s: %w", f.Name, value, err)
		}
	})
	if failed != nil {
		return failed
	}
	return v.checkNames(cmd)
}

// checkNames makes sure that the command has all the run's flags.
func (v flagValues) checkNames(cmd *cobra.Command) error {
	var strange []string
	for name := range v {
		if cmd.Flags().Lookup(name) == nil {
			strange = append(strange, "--"+name)
		}
	}
	if len(strange) > 0 {
		slices.Sort(strange)
		return fmt.Errorf("the run was made with %s, which this msflow does not know", strings.Join(strange, ", "))
	}
	return nil
}

// agree compares a flag that the user gave with the run's.
func agree(f *pflag.Flag, value string) error {
	now := f.Value.String()
	if now == value || flags.Marked(f, flags.OfPlace) || flags.Marked(f, flags.IsPath) {
		return nil
	}
	if !flags.Marked(f, flags.MayGrow) {
		return fmt.Errorf("--%s %s contradicts the run, which has --%s %s", f.Name, quoteEmpty(now), f.Name, quoteEmpty(value))
	}
	before, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("the run's --%s %s: %w", f.Name, value, err)
	}
	if more, err := strconv.Atoi(now); err != nil || more < before {
		return fmt.Errorf("--%s %s: the run has %d, and fewer are another training", f.Name, now, before)
	}
	return nil
}

func quoteEmpty(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

// newInfo describes the run that cmd makes in a folder of these data.
func newInfo(cmd *cobra.Command, folder runs.Folder, data *datasets.Division) (*runs.Info, error) {
	info := &runs.Info{Program: "msflow " + version(), Data: data}
	values, given := keepFlags(cmd, folder)
	info.Flags, info.Given = values, given
	var err error
	info.Run, err = runID(values.settings(cmd), data)
	return info, err
}

// runID is the name of a run: equal settings on equal data, after equal former runs, have the same.
func runID(of ...any) (string, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("describing the run: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// grow makes a run into one of more epochs, which goes on from its checkpoint. That is another run: its schedule is not the one
// that the epochs so far had, and what a test said of the former is not said of it.
func grow(info *runs.Info, cmd *cobra.Command, checkpoint string) error {
	c, err := train.Open(checkpoint)
	if err != nil {
		return err
	}
	info.Former = append(info.Former, runs.Former{Run: info.Run, Epochs: info.Flags["epochs"], Checkpoint: c.Sum()})
	info.Flags["epochs"] = cmd.Flags().Lookup("epochs").Value.String()
	info.Run, err = runID(flagValues(info.Flags).settings(cmd), info.Data, info.Former)
	return err
}
