package engine

import (
	"context"
	"strings"
	"testing"
	"time"
)

// deepHangs are further ways not to return, most of them through compiled code: recursions that are interrupted while they
// are shallow, and those that are left until they are too deep.
var deepHangs = []string{
	// recursion
	`func() { var f func(int) int; f = func(n int) int { return f(n+1) + 1 }; f(0) }()`,
	`down(0)`,
	`deferring(0)`,
	`recovering(0)`,
	`ping(0)`,
	`N{}.Down()`,
	`genericDown(1)`,
	`var f func() func(); f = func() func() { return f() }; f()`,
	`type V interface{ Visit() }; type W struct{ v V }; func (w W) Visit() { w.v = w; w.v.Visit() }; W{}.Visit()`,
	`sync.OnceFunc(onced)()`,
	`sync.OnceValue(onceValue)()`,
	`var once sync.Once; var g func(); g = func() { new(sync.Once).Do(g) }; once.Do(g)`,
	`reflect.ValueOf(reflected).Call(nil)`,
	`slices.SortFunc([]int{2, 1}, sorting)`,
	`sort.Slice([]int{2, 1}, func(i, j int) bool { slices.SortFunc([]int{2, 1}, sorting); return true })`,
	`strings.Map(mapping, "a")`,
	`strings.FieldsFunc("a", fields)`,
	`regexp.MustCompile("a").ReplaceAllStringFunc("a", replacing)`,
	`filepath.WalkDir(os.TempDir(), walking)`,
	`for range endless { }`,
	`for x := range nestedSeq { _ = x }`,
	// the methods that compiled code calls
	`fmt.Sprint(S{1})`,
	`fmt.Println(S{1})`,
	`fmt.Errorf("%w", E{})`,
	`errors.Is(E{}, io.EOF)`,
	`errors.Unwrap(U{}); errors.Is(U{}, io.EOF)`,
	`json.Marshal(J{1})`,
	`json.Unmarshal([]byte("[1]"), &J{})`,
	`json.Marshal(T{1})`,
	`S{1}`,
	`E{}`,
	`panic(E{})`,
	`log.Print(S{1})`,
	`fmt.Sscan("1", &Sc{})`,
	`fmt.Sprintf("%v", Fm{})`,
	`fmt.Sprintf("%#v", Go{})`,
	`sort.Sort(Less{})`,
	`heap.Init(Less{})`,
	`template.Must(template.New("").Parse("{{.Loop}}")).Execute(io.Discard, Tm{})`,
	`template.Must(template.New("").Parse("{{.Deep}}")).Execute(io.Discard, Tm{})`,
	// loops within methods and callbacks
	`fmt.Sprint(Spin{})`,
	`Spin{}`,
	`json.Marshal(Spin{})`,
	`io.ReadAll(Zero{})`,
	`io.Copy(io.Discard, Ones{})`,
	`bufio.NewReader(Ones{}).ReadString('2')`,
	`io.Copy(Sink{}, Ones{})`,
	`ioutil.ReadAll(io.MultiReader(Zero{}, Ones{}))`,
	`gzip.NewWriter(Stuck{}).Write(make([]byte, 1<<20)); w := gzip.NewWriter(Stuck{}); w.Close()`,
	`json.NewDecoder(Ones{}).Decode(new(any))`,
	`csv.NewReader(Ones{}).Read()`,
	`slices.SortFunc(make([]int, 1000), func(a, b int) int { for {} })`,
	`slices.IndexFunc([]int{1}, func(int) bool { for {} })`,
	`slices.Collect(iter.Seq[int](func(y func(int) bool) { for y(1) {} }))`,
	`maps.Collect(iter.Seq2[int, int](func(y func(int, int) bool) { for y(1, 1) {} }))`,
	`strings.IndexFunc("abc", func(rune) bool { for {} })`,
	`bytes.Map(func(r rune) rune { for {} }, []byte("a"))`,
	`sort.Search(10, func(int) bool { for {} })`,
	`sync.OnceFunc(func() { for {} })()`,
	`new(sync.Map).Range(func(any, any) bool { return true }); m := new(sync.Map); m.Store(1, 1); m.Range(func(any, any) bool { for {} })`,
	`(&sync.Pool{New: func() any { for {} }}).Get()`,
	`reflect.MakeFunc(reflect.TypeOf(func() {}), func([]reflect.Value) []reflect.Value { for {} }).Call(nil)`,
	`reflect.ValueOf(Spin{}).MethodByName("String").Call(nil)`,
	`testing.Benchmark(func(b *testing.B) { for {} })`,
	`testing.AllocsPerRun(1<<40, func() {})`,
	`flag.NewFlagSet("x", flag.ContinueOnError).VisitAll(nil); fs := flag.NewFlagSet("x", flag.ContinueOnError); fs.Int("n", 1, ""); fs.VisitAll(func(*flag.Flag) { for {} })`,
	`regexp.MustCompile("a").ReplaceAllStringFunc("a", func(string) string { for {} })`,
	`filepath.WalkDir(os.TempDir(), func(string, fs.DirEntry, error) error { for {} })`,
	`unique.Make(1); atomic.AddInt64(new(int64), 1); var a atomic.Int64; for a.Add(1) != 0 { }`,
	// waiting
	`select { case <-nilChan: }`,
	`var wg sync.WaitGroup; for range 100 { wg.Add(1); go func() { defer wg.Done(); select {} }() }; wg.Wait()`,
	`var wg sync.WaitGroup; for range 100 { wg.Add(1); go func() { defer wg.Done(); down(0) }() }; wg.Wait()`,
	`cond := sync.NewCond(new(sync.Mutex)); cond.L.Lock(); for { cond.Wait() }`,
	`var rw sync.RWMutex; rw.Lock(); func() { rw.RLocker().Lock() }()`,
	`for t := range time.Tick(time.Millisecond) { _ = t }`,
	`<-time.NewTimer(time.Hour).C`,
	`timeout, cancel := context.WithTimeout(context.Background(), time.Hour); defer cancel(); <-timeout.Done()`,
	`server, client := net.Pipe(); _ = server; client.Read(make([]byte, 1))`,
	`server, client := net.Pipe(); _ = server; io.Copy(client, Ones{})`,
	`pr, pw := io.Pipe(); _ = pr; pw.Write([]byte("x"))`,
	`http.Post("http://"+quiet.Addr().String(), "", nil)`,
	`http.ListenAndServe("127.0.0.1:0", nil)`,
	`ln, _ := net.Listen("tcp", "127.0.0.1:0"); http.Serve(ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))`,
	`exec.Command("sleep", "1000").CombinedOutput()`,
	`cmd := exec.Command("cat"); cmd.StdinPipe(); cmd.Run()`,
	`signal.NotifyContext(context.Background()); c := make(chan os.Signal, 1); signal.Notify(c, os.Interrupt); <-c`,
	`defer func() { for {} }(); panic("x")`,
	`defer func() { defer func() { select {} }(); recover() }(); panic("x")`,
	`for { func() { defer func() { recover() }(); panic("x") }() }`,
	`for { func() { defer func() { recover() }(); for {} }() }`,
	`for i := range 1 << 40 { defer fmt.Sprint(i); if i > 1000 { i = 0 } }`,
	`next, stop := iter.Pull(endless); defer stop(); for { next() }`,
	`for { append2 := append([]int{}, 1); _ = append2 }`,
	`m := map[string]int{}; for { m["a"]++; delete(m, "a") }`,
	`s := ""; for { s += "x"; s = s[:0] }`,
	`for { select { case <-nilChan: default: } }`,
	`c := make(chan int, 1); for { c <- 1; <-c }`,
	`c := make(chan int); go func() { for { c <- 1 } }(); for range c { }`,
	`for { runtime.GC() }`,
	`for { os.ReadFile("/proc/self/stat") }`,
	`for { strings.Repeat("x", 1000) }`,
	`for big := big.NewInt(3); ; { big.Add(big, big); big.SetInt64(1) }`,
	`M := [2]float64{}; for { M[0] = math.Sin(M[1]); M[1]++ }`,
}

const deepSetup = `import ("bufio"; "bytes"; "compress/gzip"; "container/heap"; "context"; "encoding/csv"; "encoding/json"; "errors"; "fmt"; "io"; "io/fs"; "io/ioutil"; "iter"; "log"; "maps"; "math"; "math/big"; "net"; "net/http"; "os"; "os/exec"; "os/signal"; "path/filepath"; "reflect"; "regexp"; "runtime"; "slices"; "sort"; "strings"; "sync"; "sync/atomic"; "testing"; "text/template"; "time"; "unique")
var nilChan chan int
quiet, _ := net.Listen("tcp", "127.0.0.1:0")
func down(n int) int { return down(n+1) + 1 }
func deferring(n int) { defer func() { n++ }(); deferring(n+1) }
func recovering(n int) { defer func() { recover() }(); recovering(n+1) }
func ping(n int) { pong(n) }
func pong(n int) { ping(n) }
type N struct{}
func (n N) Down() { n.Down() }
func genericDown[E any](e E) { genericDown(e) }
func onced() { sync.OnceFunc(onced)() }
func onceValue() int { return sync.OnceValue(onceValue)() }
func reflected() { reflect.ValueOf(reflected).Call(nil) }
func sorting(a, b int) int { slices.SortFunc([]int{2, 1}, sorting); return 0 }
func mapping(r rune) rune { strings.Map(mapping, "a"); return r }
func fields(r rune) bool { strings.FieldsFunc("a", fields); return true }
func replacing(s string) string { return regexp.MustCompile("a").ReplaceAllStringFunc("a", replacing) }
func walking(string, fs.DirEntry, error) error { return filepath.WalkDir(os.TempDir(), walking) }
func endless(y func(int) bool) { for y(0) {} }
func nestedSeq(y func(int) bool) { for range nestedSeq { y(1) } }
type S struct{ A int }
func (s S) String() string { return fmt.Sprint(s) }
type E struct{}
func (e E) Error() string { return fmt.Sprintf("%v", e) }
func (e E) Is(t error) bool { return errors.Is(e, t) }
type U struct{}
func (U) Error() string { return "u" }
func (u U) Unwrap() error { return u }
type J struct{ A int }
func (j J) MarshalJSON() ([]byte, error) { return json.Marshal(j) }
func (j *J) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, j) }
type T struct{ A int }
func (t T) MarshalText() ([]byte, error) { return json.Marshal(t) }
type Sc struct{}
func (s *Sc) Scan(st fmt.ScanState, v rune) error { _, err := fmt.Sscan("1", s); return err }
type Fm struct{}
func (f Fm) Format(s fmt.State, v rune) { fmt.Fprintf(s, "%v", f) }
type Go struct{}
func (g Go) GoString() string { return fmt.Sprintf("%#v", g) }
type Less struct{}
func (Less) Len() int { return 2 }
func (l Less) Less(i, j int) bool { sort.Sort(l); heap.Init(l); return true }
func (Less) Swap(i, j int) {}
func (Less) Push(any) {}
func (Less) Pop() any { return 1 }
type Tm struct{}
func (Tm) Loop() string { for {} }
func (t Tm) Deep() string { template.Must(template.New("").Parse("{{.Deep}}")).Execute(io.Discard, t); return "" }
type Spin struct{}
func (Spin) String() string { for {} }
func (Spin) MarshalJSON() ([]byte, error) { for {} }
type Zero struct{}
func (Zero) Read([]byte) (int, error) { return 0, nil }
type Ones struct{}
func (Ones) Read(p []byte) (int, error) { p[0] = '1'; return 1, nil }
type Sink struct{}
func (Sink) Write(p []byte) (int, error) { return len(p), nil }
type Stuck struct{}
func (Stuck) Write(p []byte) (int, error) { for {} }`

// TestDeepHangs interrupts each: soon, and, where tests may be slow, when a recursion has become deep.
func TestDeepHangs(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, deepSetup); err != nil {
		t.Fatal(err)
	}
	if n := len(hangs) + len(deepHangs); n < 150 {
		t.Errorf("only %d ways to hang", n)
	}
	for i, src := range deepHangs {
		if !slow() && i%6 != 0 {
			continue
		}
		for _, after := range []time.Duration{30 * time.Millisecond, time.Second} {
			if after < time.Second || slow() {
				interruptAfter(t, s, src, after)
			}
		}
	}
}

// interruptAfter interrupts a cell. That it returns is waited for as long as a busy machine may need.
func interruptAfter(t *testing.T, s *Session, src string, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	ended := make(chan error, 1)
	start := time.Now()
	go func() { ended <- s.Eval(ctx, Cell{Code: src}, &showing{}) }()
	select {
	case err := <-ended:
		took := time.Since(start) - after
		if err == nil || strings.HasPrefix(err.Error(), "cell") && strings.Contains(err.Error(), "undefined") {
			t.Errorf("%s: gave %v after %v", src, err, took)
		}
		if took > 500*time.Millisecond {
			t.Logf("%s: took %v to stop after %v: %v", src, took, after, err)
		}
	case <-time.After(60 * time.Second):
		t.Fatalf("%s: does not stop", src)
	}
	if r, err := eval(s, "1 + 1"); err != nil || r.result() != "2" {
		t.Fatalf("after %s: 1 + 1 is %v, %v", src, r.result(), err)
	}
}
