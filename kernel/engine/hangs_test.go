package engine

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// hangs are ways not to return. An interrupt must end each within 100 ms, and the next cell must work.
var hangs = []string{
	`for {}`,
	`for { x++ }`,
	`for x := 0; ; x++ {}`,
	`for x >= 0 { x++ }`,
	`for range 1 << 60 {}`,
	`for range forever { x++ }`,
	`L: goto L`,
	`L: x++; goto L`,
	`loop()`,
	`func() { for {} }()`,
	`defer loop()`,
	`defer func() { recover(); loop() }(); panic("first")`,
	`generic(1)`,
	`T{}.Loop()`,
	`(&T{}).Wait(ch)`,
	`select {}`,
	`<-ch`,
	`v := <-ch; fmt.Println(v)`,
	`v, ok := <-ch; fmt.Println(v, ok)`,
	`ch <- 1`,
	`for v := range ch { fmt.Println(v) }`,
	`for range ch {}`,
	`select { case v := <-ch: fmt.Println(v); case ch <- 1: }`,
	`select { case <-time.After(time.Hour): case <-ch: }`,
	`<-time.After(time.Hour)`,
	`var nilch chan int; <-nilch`,
	`var nilch chan int; nilch <- 1`,
	`if <-ch > 0 {}`,
	`fmt.Println(<-ch + <-ch)`,
	`xs := []int{<-ch}; fmt.Println(xs)`,
	`switch <-ch { case 1: }`,
	`defer func() { <-ch }()`,
	`time.Sleep(time.Hour)`,
	`for { time.Sleep(time.Millisecond) }`,
	`mu.Lock(); mu.Lock()`,
	`var rw sync.RWMutex; rw.Lock(); rw.RLock()`,
	`var rw sync.RWMutex; rw.RLock(); rw.Lock()`,
	`var wg sync.WaitGroup; wg.Add(1); wg.Wait()`,
	`var wg sync.WaitGroup; wg.Add(1); go func() { for {} }(); wg.Wait()`,
	`wg := new(sync.WaitGroup); wg.Go(func() { select {} }); wg.Wait()`,
	`c := sync.NewCond(&sync.Mutex{}); c.L.Lock(); c.Wait()`,
	`var once sync.Once; once.Do(func() { once.Do(func() {}) })`,
	`sort.Slice([]int{1, 2, 3}, func(i, j int) bool { for {} })`,
	`slices.SortFunc([]int{1, 2, 3}, func(a, b int) int { for {} })`,
	`strings.Map(func(r rune) rune { for {} }, "abc")`,
	`ln, _ := net.Listen("tcp", "127.0.0.1:0"); ln.Accept()`,
	`r, _, _ := os.Pipe(); r.Read(make([]byte, 1))`,
	`r, _ := io.Pipe(); io.ReadAll(r)`,
	`ctx2, cancel := context.WithCancel(context.Background()); defer cancel(); <-ctx2.Done()`,
	`<-ctx.Done(); for {}`,
	`exec.Command("sleep", "1000").Run()`,
	`for { fmt.Println("busy") }`,
	`for { go func() {}(); time.Sleep(time.Millisecond) }`,
	`m := map[int]int{}; for i := 0; ; i++ { m[i%1000] = i }`,
	`for i := range iter.Seq[int](func(y func(int) bool) { for y(1) {} }) { _ = i }`,
	`next, stop := iter.Pull(func(y func(int) bool) { for {} }); defer stop(); next()`,
	`http.Get("http://" + quiet.Addr().String())`,
	`var p runtime.Func; _ = p; for { runtime.Gosched() }`,
	`for _, err := strconv.Atoi("1"); err == nil; {}`,
}

func TestHangs(t *testing.T) {
	s := newSession(t)
	setup := `import ("fmt"; "iter"; "net"; "net/http"; "os/exec"; "sync"; "time")
x := 0
ch := make(chan int)
mu := sync.Mutex{}
quiet, _ := net.Listen("tcp", "127.0.0.1:0")
func loop() { for {} }
func forever(y func(int) bool) { for y(0) {} }
func generic[E any](e E) { for {} }
type T struct{}
func (T) Loop() { for {} }
func (*T) Wait(c chan int) int { return <-c }
sort.Ints(nil); slices.Sort([]int{}); strings.ToLower(""); io.EOF; os.Args; context.Background(); strconv.Itoa(1); runtime.NumCPU()`
	for _, line := range strings.Split(setup, "\n") {
		if _, err := eval(s, line); err != nil && !strings.Contains(err.Error(), "not used") {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if len(hangs) < 50 {
		t.Errorf("only %d ways to hang", len(hangs))
	}
	slowest := time.Duration(0)
	for _, src := range hangs {
		slowest = max(slowest, stopTime(t, s, src))
		if r, err := eval(s, "x = 41; x + 1"); err != nil || r.result() != "42" {
			t.Errorf("after %s: got %v, %v", src, r.result(), err)
		}
	}
	t.Logf("%d ways, the slowest took %v", len(hangs), slowest)
}

// A recursion through compiled code that calls again after it was told to stop, as sort.Sort calls Less, ends too: before,
// it went on in the background until its stack took a gigabyte.
func TestStoppedRecursionIsGone(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, deepSetup); err != nil {
		t.Fatal(err)
	}
	before := stackInUse() // by other tests' sessions
	stopTime(t, s, `sort.Sort(Less{})`)
	for range 20 { // each gives what is stopped new time to tidy up
		stopTime(t, s, `for {}`)
		if got := stackBytes() - before; got > 300<<20 {
			t.Fatalf("a stopped recursion still runs: stacks take %d MB", got>>20)
		}
	}
}

// A shallow cell does not answer for stacks that grow elsewhere, as those of an earlier recursion may.
func TestShallowCellBesideDeepStack(t *testing.T) {
	s := newSession(t)
	release := make(chan struct{})
	var deep sync.WaitGroup
	deep.Add(1)
	grow := time.AfterFunc(50*time.Millisecond, func() { descend(140<<20, deep.Done, release) })
	defer grow.Stop()
	defer close(release)
	r, err := eval(s, `for i := range 40 { time.Sleep(10 * time.Millisecond); _ = i }; "shallow"`)
	deep.Wait()
	if got := stackBytes(); got < stackLimit {
		t.Fatalf("stacks take %d MB, want more than the limit", got>>20)
	}
	if err != nil || r.result() != "shallow" {
		t.Errorf("a shallow cell gives %v, %v", r.result(), err)
	}
}

// descend uses so many bytes of its goroutine's stack, and returns after release.
func descend(bytes int, arrived func(), release <-chan struct{}) byte {
	var frame [64 << 10]byte
	if bytes <= 0 {
		arrived()
		<-release
		return frame[0]
	}
	return frame[bytes%len(frame)] + descend(bytes-len(frame), arrived, release)
}

// stopTime is how long a cell that is interrupted goes on. One that does not end at all fails the test.
func stopTime(t *testing.T, s *Session, src string) time.Duration {
	t.Helper()
	goesOn := time.AfterFunc(time.Minute, func() { panic("does not stop: " + src) })
	defer goesOn.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopped := make(chan time.Time, 1)
	time.AfterFunc(60*time.Millisecond, func() {
		stopped <- time.Now()
		cancel()
	})
	err := s.Eval(ctx, Cell{Code: src}, &recorder{})
	if !isInterrupt(err) {
		t.Errorf("%s: got %v, want an interrupt", src, err)
		return 0
	}
	return time.Since(<-stopped)
}
