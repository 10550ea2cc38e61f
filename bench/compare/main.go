// Command compare measures this program against PyTorch on the same machine, in turns: one process of `msflow bench`, one
// of bench/peer_torch.py as its users run it, and one more with the C library told to keep freed memory, round after
// round. What disturbs the machine for a minute so disturbs both sides, and the ratios of each round are what to look at.
// Rounds in which other programs were busy are not kept.
//
//	go run ./bench/compare --rounds 5
//	go run ./bench/compare --only 'train 24' --rounds 1 --append      # one more round of some cases
//
// It writes bench/results/cpu.json, with everything that was measured, and a table of it, cpu.md, beside it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
)

// options are the command line's.
type options struct {
	msflow, python, out string
	rounds, threads     int
	seconds, calm       float64
	only                *regexp.Regexp
	note                string
	more                bool
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("compare: ")
	o, err := parse()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func parse() (options, error) {
	var o options
	only := flag.String("only", "", "run only cases whose names match this regular expression")
	flag.StringVar(&o.msflow, "msflow", "", "the msflow program (default: it is built)")
	flag.StringVar(&o.python, "python", "python3", "a Python that has what bench/requirements-torch.txt lists")
	flag.StringVar(&o.out, "out", "bench/results/cpu", "where to write, without .json and .md")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each case; 0 only writes the table again")
	flag.IntVar(&o.threads, "threads", 2, "threads of both sides")
	flag.Float64Var(&o.seconds, "seconds", 2, "how long each process measures each thing")
	flag.Float64Var(&o.calm, "calm", 0.05, "drop rounds in which other programs used more than this share of the machine")
	flag.StringVar(&o.note, "note", "", "what else the table should say about the circumstances")
	flag.BoolVar(&o.more, "append", false, "keep the rounds that the file has")
	flag.Parse()
	var err error
	o.only, err = regexp.Compile(*only)
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("%s: there are no arguments, only flags", flag.Arg(0))
	}
	return o, err
}

// run measures all rounds and writes the results after each, so that little is lost when it is stopped.
func run(ctx context.Context, o options) error {
	if o.msflow == "" && o.rounds > 0 {
		dir, err := os.MkdirTemp("", "compare")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.msflow = filepath.Join(dir, "msflow")
		if text, err := exec.CommandContext(ctx, "go", "build", "-o", o.msflow, "./cmd/msflow").CombinedOutput(); err != nil {
			return fmt.Errorf("building msflow: %w\n%s", err, text)
		}
	}
	r, err := load(o.out+".json", o.more || o.rounds == 0)
	if err != nil {
		return err
	}
	r.Machine = describe(o)
	for range o.rounds {
		for _, c := range cases {
			if !o.only.MatchString(c.name) {
				continue
			}
			round, others, err := measure(ctx, o, c, len(r.Rounds[c.name]))
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			log.Printf("%s: other programs used %.0f %% of the machine", c.name, 100*others)
			if others > o.calm {
				continue
			}
			r.Rounds[c.name] = append(r.Rounds[c.name], round)
			if err := r.save(o.out); err != nil {
				return err
			}
		}
	}
	return r.save(o.out)
}
