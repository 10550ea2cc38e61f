// Package flags has what the flags of several verbs share: where to compute, marks, lists of numbers, and --json.
package flags

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A run keeps all flags of the command that made it, so that a resumed training and a test go by the same ones. A flag needs
// no code of its own for that. Those that are special say so:
const (
	OfProcess = "msflow_of_process" // says how this process works, not what comes out: it is not kept, and may differ
	OfPlace   = "msflow_of_place"   // says where something lies or computes: it is kept, and another place may be given
	IsPath    = "msflow_is_path"    // the place is a path
	MayGrow   = "msflow_may_grow"   // a number that may be raised when the run is resumed, which makes it another run
)

// Mark gives flags of a command a mark.
func Mark(cmd *cobra.Command, key string, names ...string) {
	for _, name := range names {
		if err := cmd.Flags().SetAnnotation(name, key, nil); err != nil {
			panic(err) // there is no such flag: a mistake in the program
		}
	}
}

func Marked(f *pflag.Flag, key string) bool {
	_, ok := f.Annotations[key]
	return ok
}
