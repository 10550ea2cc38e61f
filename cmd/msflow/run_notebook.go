package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/msflow-go/msflow/cmd/msflow/internal/evaluator"
	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/live"
	"github.com/msflow-go/msflow/kernel/magics"
	"github.com/msflow-go/msflow/kernel/notebook"
	"github.com/msflow-go/msflow/kernel/widgets"
	"github.com/msflow-go/msflow/lib/durable"
)

// notebookRun are the flags of `msflow run NOTEBOOK.ipynb`.
type notebookRun struct {
	params   []string
	out      string
	html     bool
	sanitize bool
	engine   evaluator.Choice

	overwrite bool
}

func (r *notebookRun) flags(f *pflag.FlagSet) {
	f.StringArrayVarP(&r.params, "param", "p", nil, "set the notebook's parameter: `NAME=VALUE`, as often as wanted")
	f.StringVarP(&r.out, "output", "o", "", "store the notebook with its outputs in `FILE`.ipynb; it may be the notebook itself")
	r.engine.Flag(f)
	f.BoolVar(&r.html, "html", false, "write a page with code, text and outputs beside the stored notebook, or beside the notebook itself")
	f.BoolVar(&r.overwrite, "overwrite", false, "replace the files of -o and --html whatever they are; without it only what a run of the same cells stored is replaced")
	f.BoolVar(&r.sanitize, "sanitize", false, "leave scripts and foreign HTML out of the page, for notebooks that need not be trusted")
}

// run runs the notebook args[0]; flags may come after its name, too.
func (r *notebookRun) run(cmd *cobra.Command, args []string) error {
	f := cmd.Flags()
	f.SetInterspersed(true)
	if err := f.Parse(args); err != nil {
		return flags.Suggest(f, err)
	}
	if f.NArg() == 2 && r.html && strings.HasSuffix(f.Arg(1), ".html") {
		return fmt.Errorf("--html takes no name: the page of %s is written beside it, or beside the notebook of -o, with the ending .html", f.Arg(0))
	}
	if f.NArg() != 1 {
		return fmt.Errorf("run takes one notebook, not %s", strings.Join(f.Args(), " "))
	}
	job, err := r.prepare(f.Arg(0))
	if err != nil {
		return err
	}
	defer job.free()
	return job.do(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
}

// notebookJob is a notebook about to be run.
type notebookJob struct {
	n          *notebook.Notebook
	path       string // of the notebook; absolute, as are the others
	out        string // empty: not stored
	page       string // the HTML; empty: none
	sanitize   bool
	engine     evaluator.Choice
	parameters []notebook.Parameter
	locks      []func() // give the targets back
}

// prepare checks all that can be checked before the first cell runs.
func (r *notebookRun) prepare(path string) (j *notebookJob, err error) {
	if j, err = r.job(path); err != nil {
		return nil, err
	}
	if err = j.checkTargets(); err == nil && !r.overwrite {
		err = j.checkOwn()
	}
	if err != nil {
		j.free()
	}
	return j, err
}

// job reads the notebook and finds what the flags ask for.
func (r *notebookRun) job(path string) (*notebookJob, error) {
	j := &notebookJob{sanitize: r.sanitize, engine: r.engine}
	if r.sanitize && !r.html {
		return nil, errors.New("--sanitize is about the page of --html")
	}
	if _, err := r.engine.Name(); err != nil {
		return nil, err
	}
	var err error
	if j.n, err = notebook.ReadGo(path); err != nil {
		return nil, err
	}
	for _, p := range r.params {
		parameter, err := notebook.ParseParameter(p)
		if err != nil {
			return nil, err
		}
		j.parameters = append(j.parameters, parameter)
	}
	if j.path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if r.out != "" {
		if !strings.HasSuffix(r.out, ".ipynb") {
			return nil, fmt.Errorf("-o %s: the name of a notebook ends in .ipynb", r.out)
		}
		if j.out, err = filepath.Abs(r.out); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(j.out), 0o755); err != nil {
			return nil, fmt.Errorf("-o %s: %w", r.out, err)
		}
	}
	if r.html {
		named := j.path
		if j.out != "" {
			named = j.out
		}
		j.page = strings.TrimSuffix(named, ".ipynb") + ".html"
	}
	return j, nil
}

// checkOwn refuses to replace what is not the notebook itself, or what an earlier run of the same cells stored.
func (j *notebookJob) checkOwn() error {
	if _, err := os.Stat(j.out); j.out != "" && err == nil && !sameFile(j.out, j.path) && !j.stored() {
		return fmt.Errorf("-o %s: the file exists, and no run of these cells has stored it; --overwrite replaces it", j.out)
	}
	if j.page != "" && runs.Exists(j.page) && !runs.Bears(j.page, notebook.PageMark) {
		return fmt.Errorf("--html would replace %s, which no run has written; --overwrite does", j.page)
	}
	return nil
}

// stored tells whether the target is what a run has made of this notebook: the same cells, whatever their outputs.
func (j *notebookJob) stored() bool {
	old, err := notebook.Read(j.out)
	if err != nil || old.Metadata["msflow"] == nil {
		return false
	}
	return slices.EqualFunc(written(old), written(j.n), func(a, b *notebook.Cell) bool { return a.Type == b.Type && a.Source == b.Source })
}

// written are the cells that somebody wrote, not those that set parameters.
func written(n *notebook.Notebook) []*notebook.Cell {
	return slices.DeleteFunc(slices.Clone(n.Cells), func(c *notebook.Cell) bool { return c.Tagged(notebook.InjectedTag) })
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// checkTargets refuses what could not be written after hours of work, and what another run is writing.
func (j *notebookJob) checkTargets() error {
	for _, path := range []string{j.out, j.page} {
		if path == "" {
			continue
		}
		if err := durable.CheckWritable(path); err != nil {
			return err
		}
		release, err := runs.LockFile(path, "run")
		if err != nil {
			return err
		}
		j.locks = append(j.locks, release)
	}
	return nil
}

// free lets other runs write the targets.
func (j *notebookJob) free() {
	for _, release := range j.locks {
		release()
	}
}

// do runs the cells and stores what came of them, also when one failed.
func (j *notebookJob) do(ctx context.Context, stdout, stderr io.Writer) error {
	leave, err := enter(filepath.Dir(j.path))
	if err != nil {
		return err
	}
	defer leave()
	base, err := j.engine.Start()
	if err != nil {
		return err
	}
	defer base.Close()
	eval, err := magics.New(base, &history.Log{})
	if err != nil {
		return err
	}
	live.Install()
	widgets.CloseAll() // those of a notebook that was run before
	begin := time.Now()
	run := notebook.Run{Evaluator: eval, Parameters: j.parameters, Begin: beginCell(stderr), End: endCell(stderr)}
	if j.prints() {
		run.Output = printOutput(stdout, stderr)
	}
	run.Save = j.saver(begin, stderr)
	ran := run.Execute(ctx, j.n)
	var parameter *notebook.ParameterError
	if errors.As(ran, &parameter) {
		return ran // nothing worth storing
	}
	j.sign(begin)
	j.signSeed(eval)
	return j.verdict(ctx, errors.Join(ran, j.store()), stderr)
}

// prints reports whether what the cells print goes to standard output.
func (j *notebookJob) prints() bool { return j.out == "" && j.page == "" }

// saver stores what has run so far. A disk that is full for a while does not end the run: that is said once, and what counts
// is whether the last store succeeds.
func (j *notebookJob) saver(begin time.Time, stderr io.Writer) func() {
	failed := false
	return func() {
		j.sign(begin)
		err := j.store()
		if err != nil && !failed {
			fmt.Fprintf(stderr, "msflow: %v; the cells go on\n", err)
		}
		failed = err != nil
	}
}

// verdict says how it ended. A failed cell's traceback is printed here, once.
func (j *notebookJob) verdict(ctx context.Context, err error, stderr io.Writer) error {
	var cell *notebook.CellError
	if ctx.Err() != nil && errors.As(err, &cell) {
		return fmt.Errorf("%s: in code cell %d: %w", filepath.Base(j.path), cell.Number, ctx.Err())
	}
	if errors.As(err, &cell) {
		for _, line := range cell.Err.Traceback {
			if cell.Goroutine && j.prints() {
				break // it has been printed as the cell's output
			}
			fmt.Fprintln(stderr, line)
		}
		err = cellFailed(fmt.Sprintf("%s: %v", filepath.Base(j.path), err))
		if cell.Goroutine {
			fmt.Fprintf(stderr, "msflow: %v\n", err)
			return exitCode(exitPanicked)
		}
	}
	return err
}

// cellFailed is what a failed cell said, in its own words: nothing in it is to be put more plainly.
type cellFailed string

func (e cellFailed) Error() string { return string(e) }

// enter makes dir the working directory, as Jupyter does for a notebook's kernel, until leave is called.
func enter(dir string) (leave func(), err error) {
	before, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(dir); err != nil {
		return nil, err
	}
	return func() { _ = os.Chdir(before) }, nil
}

// sign puts into the notebook's metadata what was run, by what, and when.
func (j *notebookJob) sign(begin time.Time) {
	parameters := map[string]any{}
	for _, p := range j.parameters {
		parameters[p.Name] = p.Value
	}
	m := map[string]any{
		"program": version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "threads": runtime.GOMAXPROCS(0),
		"parameters": parameters, "started": begin.UTC().Format(time.RFC3339), "seconds": int(time.Since(begin).Seconds() + 0.5),
	}
	j.n.Metadata["msflow"] = m
	if saved := widgets.Saved(); saved != nil {
		j.n.Metadata["widgets"] = saved
	} else {
		delete(j.n.Metadata, "widgets")
	}
	j.n.Metadata["language_info"] = map[string]any{
		"name": "go", "version": strings.TrimPrefix(runtime.Version(), "go"), "mimetype": "text/x-go", "file_extension": ".go",
		"pygments_lexer": "go", "codemirror_mode": "go",
	}
}

// signSeed adds the seed that the run ended with, where the notebook has one.
func (j *notebookJob) signSeed(eval engine.Evaluator) {
	for _, v := range eval.Variables() {
		if v.Name == "seed" && v.Kind == "var" {
			j.n.Metadata["msflow"].(map[string]any)["seed"] = v.Value
		}
	}
}

func (j *notebookJob) store() error {
	if j.out != "" {
		if err := j.n.Write(j.out); err != nil {
			return err
		}
	}
	if j.page == "" {
		return nil
	}
	title := strings.TrimSuffix(filepath.Base(j.path), ".ipynb")
	page := j.n.HTML
	if j.sanitize {
		page = j.n.SafeHTML
	}
	return durable.WriteBytes(j.page, 0o644, []byte(page(title)))
}

// beginCell and endCell report the progress, a line per cell.
func beginCell(w io.Writer) func(k, n int, c *notebook.Cell) {
	return func(k, n int, c *notebook.Cell) { fmt.Fprintf(w, "cell %d/%d  %s", k, n, firstCode(c.Source, 60)) }
}

func endCell(w io.Writer) func(k, n int, c *notebook.Cell, took time.Duration, failure *engine.Error) {
	return func(_, _ int, c *notebook.Cell, took time.Duration, failure *engine.Error) {
		how := ""
		if failure != nil {
			how = "  " + string(failure.Kind)
		}
		fmt.Fprintf(w, "  %v%s\n", took.Round(time.Millisecond), how)
	}
}

// firstCode is the first line that is not a comment, or else the first, cut to n characters.
func firstCode(source string, n int) string {
	lines := strings.Split(strings.TrimSpace(source), "\n")
	line := lines[0]
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "//") {
			line = l
			break
		}
	}
	if r := []rune(line); len(r) > n {
		line = string(r[:n-1]) + "…"
	}
	return line
}

// printOutput prints the text of outputs as they come.
func printOutput(stdout, stderr io.Writer) func(notebook.Output) {
	return func(o notebook.Output) {
		text, _ := o.Data[display.MIMETypeText].(string)
		switch {
		case o.Type == notebook.StreamOutput && o.Name == engine.Stderr.String():
			fmt.Fprint(stderr, o.Text)
		case o.Type == notebook.StreamOutput:
			fmt.Fprint(stdout, o.Text)
		case text != "":
			fmt.Fprintln(stdout, strings.TrimSuffix(text, "\n"))
		}
	}
}
