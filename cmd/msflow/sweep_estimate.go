package main

import (
	"fmt"
	"io"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/machine"
	"github.com/msflow-go/msflow/lib/sweep"
)

// list prints a plan's points with what they took or may take. It knows only what was measured: of the sweep's own complete points, and
// of the sweeps of --like.
func (f *sweepFlags) list(out io.Writer, plan *sweep.Plan, folder sweep.Folder) error {
	var known []sweep.Measured
	if own, err := folder.Measured(); err == nil { // a sweep that has not begun has none
		known = own
	}
	for _, dir := range f.like {
		more, err := sweep.Folder(dir).Measured()
		if err != nil {
			return fmt.Errorf("--like: %w", err)
		}
		known = append(known, more...)
	}
	var total time.Duration
	var most uint64
	waiting, unknown := 0, 0
	for _, p := range plan.Points {
		state := folder.State(p)
		if state == sweep.Complete {
			fmt.Fprintf(out, "%-8s %s  %s\n", state, p.Name(), took(folder, p))
			continue
		}
		waiting++
		e := sweep.Expect(p, known)
		fmt.Fprintf(out, "%-8s %s  %s\n", state, p.Name(), expected(e, folder))
		if len(e.Like) == 0 {
			unknown++
		}
		total, most = total+seconds(e.Seconds), max(most, e.PeakBytes)
	}
	f.sum(out, waiting, unknown, total, most)
	return nil
}

// sum says what all that is missing may take.
func (f *sweepFlags) sum(out io.Writer, waiting, unknown int, total time.Duration, most uint64) {
	if waiting == 0 || waiting == unknown {
		fmt.Fprintf(out, "%d points to run", waiting)
		if unknown > 0 {
			fmt.Fprint(out, "; nothing like them was measured: --like names another sweep's folder, and the first complete points will tell")
		}
		fmt.Fprintln(out)
		return
	}
	fmt.Fprintf(out, "%d points to run: about %s, one after another", waiting, round(total))
	if n := f.atOnce(); f.on == "local" && n > 1 {
		fmt.Fprintf(out, "; %d run at a time", n)
		if all, _, err := machine.Memory(); err == nil {
			fmt.Fprintf(out, " and take at most %s of %s", gib(uint64(n)*most), gib(all))
		}
	}
	if unknown > 0 {
		fmt.Fprintf(out, "; %d more are unknown", unknown)
	}
	fmt.Fprintln(out)
}

// took says what a complete point took.
func took(folder sweep.Folder, p sweep.Point) string {
	c, err := folder.Cost(p)
	if err != nil {
		return "" // it was made by an earlier program
	}
	return fmt.Sprintf("took %s, %s", round(seconds(c.Seconds)), gib(c.PeakBytes))
}

// expected says what a point may take, and how that is known.
func expected(e sweep.Estimate, folder sweep.Folder) string {
	if len(e.Like) == 0 {
		return "unknown"
	}
	text := fmt.Sprintf("about %s, %s", round(seconds(e.Seconds)), gib(e.PeakBytes))
	where := "this sweep"
	if e.Like[0].Folder != folder {
		where = string(e.Like[0].Folder)
	}
	text += fmt.Sprintf(" (as %d in %s", len(e.Like), where)
	if e.Scaled {
		text += ", scaled"
	}
	if e.Differs > 0 {
		text += fmt.Sprintf(", which differ in %d other flags", e.Differs)
	}
	return text + ")"
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func gib(n uint64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }
