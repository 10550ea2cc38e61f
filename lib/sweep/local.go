package sweep

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/msflow-go/msflow/lib/durable"
)

// Engine carries out points somewhere. A shared file system is the only channel: what an engine starts runs `msflow sweep point
// FOLDER`, and the point's folder shows what came of it.
type Engine interface {
	// Submit hands over the points that are not complete.
	Submit(ctx context.Context, folder Folder, points []Point) error
	// Wait returns when no point is running or waiting any more. It tells do of every change.
	Wait(ctx context.Context, do func(Change)) error
}

// Change is what an engine tells of a point.
type Change struct {
	Point Point
	State State
	Began bool  // it has just started
	Err   error // why it ended without figures
}

// Local runs points as processes of this machine, some at a time.
type Local struct {
	Program string   // the executable of msflow
	Jobs    int      // processes at a time
	Env     []string // of the processes, besides this process's own

	folder Folder
	points []Point
}

var _ Engine = (*Local)(nil)

// Submit remembers the points; Wait runs them.
func (l *Local) Submit(_ context.Context, folder Folder, points []Point) error {
	l.folder, l.points = folder, points
	return nil
}

// interruptGrace is how long an interrupted training may take to write its checkpoint.
const interruptGrace = time.Minute

// Wait runs the points. When ctx is cancelled the trainings that run are interrupted, keep what they did, and Wait returns
// ctx's error; running the sweep again goes on there.
func (l *Local) Wait(ctx context.Context, do func(Change)) error {
	var mu sync.Mutex
	tell := func(c Change) {
		mu.Lock()
		defer mu.Unlock()
		do(c)
	}
	queue := make(chan Point)
	var workers sync.WaitGroup
	for range max(1, l.Jobs) {
		workers.Go(func() {
			for p := range queue {
				tell(Change{Point: p, State: l.folder.State(p), Began: true})
				err := l.run(ctx, p)
				tell(Change{Point: p, State: l.folder.State(p), Err: err})
			}
		})
	}
	for _, p := range l.points {
		select {
		case queue <- p:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	workers.Wait()
	return ctx.Err()
}

// logFile takes what a point's processes print.
const logFile = "output.log"

// run runs one point to its end.
func (l *Local) run(ctx context.Context, p Point) error {
	dir := l.folder.Run(p)
	if err := durable.MkdirAll(dir); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(dir, logFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("running a point: %w", err)
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, l.Program, "sweep", "point", dir)
	cmd.Stdout, cmd.Stderr = out, out
	threads := max(1, runtime.NumCPU()/max(1, l.Jobs))
	cmd.Env = append(append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(threads)), l.Env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = interruptGrace
	if err := cmd.Run(); err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case l.folder.State(p) == Complete: // some images could not be read; its results name them
			return nil
		}
		return fmt.Errorf("%w; %s says why: %s", err, filepath.Join(dir, logFile), lastLine(filepath.Join(dir, logFile)))
	}
	return nil
}

// lastLine is the last line of a file, as far as it is text of a sensible length.
func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	end := len(text)
	for end > 0 && (text[end-1] == '\n' || text[end-1] == '\r') {
		end--
	}
	start := end
	for start > 0 && text[start-1] != '\n' && text[start-1] != '\r' && end-start < 400 {
		start--
	}
	return string(text[start:end])
}
