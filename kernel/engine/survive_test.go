package engine

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fatal are cells that would end the process if Go were left to itself, with a part of the error of the cell or of its
// goroutine.
var fatal = []struct{ src, want string }{
	{`tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { panic("dial") }}
_, err := (&http.Client{Transport: tr}).Get("http://127.0.0.1:1/")`, "dial"},
	{`cx, cancel := context.WithCancel(context.Background())
cmd := exec.CommandContext(cx, "sleep", "1"); cmd.Cancel = func() error { panic("cancel") }
cmd.Start(); cancel(); cmd.Wait()`, "cancel"},
	{`after := time.AfterFunc; after(time.Millisecond, func() { panic("variable") }); time.Sleep(20 * time.Millisecond)`, "variable"},
	{`reflect.ValueOf(time.AfterFunc).Call([]reflect.Value{reflect.ValueOf(time.Millisecond), reflect.ValueOf(func() { panic("reflected") })})
time.Sleep(20 * time.Millisecond)`, "reflected"},
	{`type timers struct{ f func(time.Duration, func()) *time.Timer }
timers{time.AfterFunc}.f(time.Millisecond, func() { panic("field") }); time.Sleep(20 * time.Millisecond)`, "field"},
	{`func tick() { var p *int; *p++ }
time.AfterFunc(time.Millisecond, tick); time.Sleep(20 * time.Millisecond)`, "nil pointer"},
	{`runtime.AddCleanup(&struct{ X [100]int }{}, func(int) { panic("cleanup") }, 1); runtime.GC(); time.Sleep(50 * time.Millisecond)`, ""},
	{`func() { x := &struct{ X [100]int }{}; runtime.SetFinalizer(x, func(*struct{ X [100]int }) { panic("finalizer") }) }()
runtime.GC(); time.Sleep(50 * time.Millisecond)`, ""},
	{`srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("handler") })}
ln, _ := net.Listen("tcp", "127.0.0.1:0"); go srv.Serve(ln)
http.Get("http://" + ln.Addr().String()); srv.Close()`, "handler"},
	{`type broken struct{}
func (broken) Read([]byte) (int, error) { panic("read") }
cat := exec.Command("cat"); cat.Stdin = broken{}; cat.Run()`, "read"},
	{`type selfish struct{ A int }
func (s selfish) String() string { return fmt.Sprint(s) }
selfish{1}`, "String is too deep"},
	{`fmt.Println(selfish{1})`, "String is too deep"},
	{`type wrong struct{}
func (e wrong) Error() string { return fmt.Sprintf("%v", e) }
panic(wrong{})`, "Error is too deep"},
	{`type formatted struct{}
func (f formatted) Format(s fmt.State, v rune) { fmt.Fprintf(s, "%v", f) }
formatted{}`, "Format is too deep"},
	{`type marshaled struct{ A int }
func (m marshaled) MarshalJSON() ([]byte, error) { return json.Marshal(m) }
json.Marshal(marshaled{1})`, "MarshalJSON is too deep"},
	{`var again func(); again = func() { sync.OnceFunc(again)() }
again()`, "too deep"},
	{`m := map[string]any{}; m["self"] = m; fmt.Sprint(m)`, "contains itself"},
	{`list := []any{nil}; list[0] = list; fmt.Println(list)`, "contains itself"},
	{`type tree map[string]tree
t := tree{}; t["a"] = t; fmt.Printf("%v", &t)`, "contains itself"},
	{`panic(m)`, "contains itself"},
	{`m`, ""},
	{`import "unsafe"
*(*int)(unsafe.Pointer(uintptr(0xdead0000)))`, "invalid memory address"},
	{`time.AfterFunc(time.Millisecond, func() { *(*int)(unsafe.Pointer(uintptr(0xdead0000))) = 1 }); time.Sleep(20 * time.Millisecond)`, "invalid memory address"},
	{`debug.SetMaxStack(1 << 20)
var deeper func(n int) int
deeper = func(n int) int { if n == 0 { return 0 }; return 1 + deeper(n-1) }
fmt.Println(deeper(20_000)); panic("deep enough")`, "deep enough"},
	{`for { deeper(1 << 40) }`, "the recursion of a function without a name is too deep"},
	{`panic(fmt.Sprint(debug.SetMaxStack(1e9), len(os.Args), flag.NArg()))`, "1048576 1 0"},
	{`testing.Benchmark(func(b *testing.B) { panic("benchmarked") }).N`, "benchmarked"},
	{`header, values, mime := http.Header{}, url.Values{}, textproto.MIMEHeader{}
var done sync.WaitGroup
for g := range 4 {
	done.Go(func() {
		for i := range 3000 {
			k := strconv.Itoa(i % 10 + g)
			header.Set(k, "x"); header.Get(k); header.Add(k, "y"); header.Values(k); header.Del(k); header.Clone()
			values.Set(k, "x"); values.Get(k); values.Add(k, "y"); values.Has(k); values.Del(k); values.Encode()
			mime.Set(k, "x"); mime.Get(k); mime.Add(k, "y"); mime.Values(k); mime.Del(k)
			if i % 10 == 0 { header.Write(io.Discard); header.WriteSubset(io.Discard, nil); fmt.Fprint(io.Discard, values) }
		}
	})
}
done.Wait(); panic("all done")`, "all done"},
	{`func bad() {
	var m map[string]int
	m["x"] = 1
}
go bad()
time.Sleep(20 * time.Millisecond)`, ":3: panic: assignment to entry in nil map"},
}

// ending are cells that call what ends a process, with how they end, and what comes of calls that do not.
var ending = []struct{ src, want string }{
	{`e := os.Exit; e(4)`, "exit status 4"},
	{`go os.Exit(8); time.Sleep(time.Hour)`, "exit status 8"},
	{`lg := log.New(io.Discard, "", 0); var f interface{ Fatal(...any) } = lg; f.Fatal("x")`, "exit status 1"},
	{`fs := flag.NewFlagSet("x", flag.ExitOnError); fs.SetOutput(io.Discard); var p interface{ Parse([]string) error } = fs; p.Parse([]string{"-nope"})`, "exit status 2"},
	{`syscall.Kill(syscall.Getpid(), syscall.SIGKILL)`, "exit status 137"},
	{`syscall.Kill(0, syscall.SIGTERM)`, "exit status 143"},
	{`must(os.FindProcess(os.Getpid())).Kill()`, "exit status 137"},
	{`must(os.FindProcess(os.Getpid())).Signal(syscall.SIGHUP)`, "exit status 129"},
	{`syscall.RawSyscall(syscall.SYS_EXIT, 3, 0, 0)`, "exit status 3"},
	{`syscall.Syscall(syscall.SYS_KILL, uintptr(os.Getpid()), 9, 0)`, "exit status 137"},
	{`syscall.Exec("/bin/sh", []string{"sh", "-c", "exit 6"}, nil)`, "exit status 6"},
	{`syscall.Exec("/nowhere/sh", []string{"sh"}, nil)`, "no such file or directory"},
	{`runtime.Breakpoint()`, "exit status 133"},
	{`debug.SetMaxThreads(1)`, "10000"},
	{`debug.WriteHeapDump(os.Stdout.Fd())`, "dump to a file"},
	{`signals := make(chan os.Signal, 1); signal.Notify(signals, syscall.SIGTERM); syscall.Kill(os.Getpid(), syscall.SIGTERM); <-signals`, "terminated"},
	{`signal.Reset(syscall.SIGTERM); syscall.Kill(os.Getpid(), syscall.SIGTERM)`, "exit status 143"},
	{`signal.Ignore(syscall.SIGHUP); syscall.Kill(os.Getpid(), syscall.SIGHUP); signal.Ignored(syscall.SIGHUP)`, "true"},
	{`told, stop := signal.NotifyContext(ctx, os.Interrupt); syscall.Kill(os.Getpid(), syscall.SIGINT); <-told.Done(); stop(); told.Err()`, "canceled"},
	{`syscall.Kill(os.Getpid(), 0)`, "<nil>"},
	{`var c io.Closer = os.Stdout; c.Close(); os.Stderr.Close(); fmt.Println("open")`, "open"},
	{`var m sync.Mutex; var l sync.Locker = &m; l.Unlock()`, "unlock of unlocked"},
	{`defer l.Unlock(); panic("first")`, "unlock of unlocked"},
	{`new(sync.RWMutex).RLocker().Unlock()`, "RUnlock of unlocked"},
	{`sync.NewCond(l).Wait()`, "not locked"},
}

// TestEndsOfTheProcess evaluates them in one session.
func TestEndsOfTheProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("system calls of Linux")
	}
	s := newSession(t)
	for _, c := range ending {
		r, err := eval(s, c.src)
		if got := fmt.Sprint(r.result(), err, r.out.String()); !strings.Contains(got, c.want) {
			t.Errorf("%s\ngives %s, want %q in it", c.src, got, c.want)
		}
		if r, err := eval(s, "1 + 1"); err != nil || r.result() != "2" {
			t.Fatalf("after\n%s\n1 + 1 is %v, %v", c.src, r.result(), err)
		}
	}
}

// showing is a recorder that shows results.
type showing struct{ recorder }

func (s *showing) Result(v []any) {
	if !containsItself(reflect.ValueOf(v)) {
		_ = fmt.Sprint(v...)
	}
}

// TestNothingEndsTheProcess evaluates them in one session.
func TestNothingEndsTheProcess(t *testing.T) {
	s := newSession(t)
	for _, c := range fatal {
		r := &showing{}
		err := s.Eval(t.Context(), Cell{Code: c.src}, r)
		text := ""
		if err != nil {
			text = err.Error()
		}
		for range 100 {
			r.mu.Lock()
			for _, p := range r.panics {
				text += p.Error()
			}
			n := len(r.panics)
			r.mu.Unlock()
			if n > 3 {
				t.Errorf("%s\nreports %d panics", c.src, n)
			}
			if strings.Contains(text, c.want) {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s\ngives %q, want %q in it", c.src, text, c.want)
		}
		if r, err := eval(s, "1 + 1"); err != nil || r.result() != "2" {
			t.Fatalf("after\n%s\n1 + 1 is %v, %v", c.src, r.result(), err)
		}
	}
}

// TestGoexit ends goroutines in cells, which is no panic, and pulls from iterators that panic, which is one of whoever
// pulls.
func TestGoexit(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{`var wg sync.WaitGroup; wg.Add(1)
go func() { defer wg.Done(); defer func() { recover(); runtime.Goexit() }(); panic("forgotten") }()
wg.Wait(); 1`, "1"},
		{`func() { defer fmt.Print("deferred"); runtime.Goexit() }(); 2`, "-"},
		{`go runtime.Goexit(); exit := runtime.Goexit; go exit(); time.Sleep(20 * time.Millisecond); 3`, "3"},
		{`recovered := func() (x any) { defer func() { x = recover() }(); once := sync.OnceFunc(func() { panic("once") }); once(); return nil }()
recovered`, "once"},
		{`failing := func(yield func(int) bool) { if yield(1) { panic("pulled") } }
next, stop := iter.Pull(failing)
first, _ := next(); first`, "1"},
		{`func() (x any) { defer func() { x = recover() }(); next(); return nil }()`, "pulled"},
		{`next()`, "0 false"},
		{`pairs, halt := iter.Pull2(func(yield func(int, string) bool) { defer func() { panic("halted") }(); yield(1, "a") })
k, v, _ := pairs(); fmt.Sprint(k, v)`, "1a"},
		{`func() (x any) { defer func() { x = recover() }(); halt(); return nil }()`, "halted"},
	} {
		if r, err := eval(s, c.src); err != nil || r.result() != c.want && !strings.HasPrefix(r.result(), c.want+" ") || len(r.panics) > 0 {
			t.Errorf("%s\ngives %s, %v, panics %v, want %s", c.src, r.result(), err, r.panics, c.want)
		}
	}
}

// TestLastLines evaluates what a last line may be.
func TestLastLines(t *testing.T) {
	s := newSession(t)
	for src, want := range map[string]string{
		`1, "two"`:                     `1 two`,
		`[]int{1}, nil // comment`:     `[1] <nil>`,
		`1, func() int { return 2 }()`: `1 2`,
		`1 << 63`:                      `9223372036854775808`,
		`-1 << 63`:                     `-9223372036854775808`,
		`1e400`:                        `1e+400`,
		`1, undefinedName`:             `cell[1]:1:4: undefined: undefinedName`,
		`1,`:                           `cell[1]:1:1: expected 1 expression`,
		`var a [1 << 44]int`:           `cell[1]:1:5: the type [17592186044416]int of a is too large (140737488355328 bytes)`,
		`b := make([]byte, 1<<62)`:     `cell[1]:1: panic: runtime error: makeslice: len out of range`,
		"type W time.Time\ntime.Time(W(time.Time{})).IsZero()": `true`,
	} {
		r := &recorder{}
		got := ""
		if err := s.Eval(t.Context(), Cell{Code: src, Count: 1}, r); err != nil {
			got = err.Error()
		} else {
			got = r.result()
		}
		if got != want {
			t.Errorf("%s\ngives %s, want %s", src, got, want)
		}
	}
}

// TestMapsInUse shows and prints maps that a goroutine goes on changing.
func TestMapsInUse(t *testing.T) {
	s := newSession(t)
	for _, src := range []string{
		"c := map[int]int{}\ngo func() { for i := 0; ; i++ { c[i%1000] = i } }()\ntime.Sleep(time.Millisecond)",
		"for range 20 { _ = fmt.Sprint(c) }",
		"for range 20 { _ = fmt.Sprintf(\"%v\", &c) }",
		"type holder struct { Name string; M map[int]int; Next *holder; list []any }\nh := &holder{M: c, list: []any{c}}; h.Next = h",
		"for range 20 { _ = fmt.Sprintf(\"%v\", h) }",
		"g := holder{M: c, Next: &holder{M: c}}; g.Next.Next = &holder{M: c}",
		"for range 20 { if len(must(json.Marshal(g))) < 50 { panic(\"short\") } }",
		"for range 20 { _, _ = json.Marshal(map[string]any{\"a\": []any{g, &g}}); _, _ = json.MarshalIndent(c, \"\", \" \") }",
		"enc := json.NewEncoder(io.Discard); for range 20 { must(0, enc.Encode(c)) }",
		"tm := template.Must(template.New(\"\").Parse(\"{{range $k, $v := .M}}{{$k}}{{end}}{{len .Next.M}}\")); for range 20 { must(0, tm.Execute(io.Discard, g)) }",
		"for range 20 { _ = reflect.DeepEqual(g, &g); _ = reflect.DeepEqual(c, maps.Clone(c)) }",
		"for range 20 { for it := reflect.ValueOf(c).MapRange(); it.Next(); {}; for _, k := range reflect.ValueOf(c).MapKeys() { reflect.ValueOf(c).MapIndex(k) } }",
		"for range 20 { reflect.ValueOf(c).SetMapIndex(reflect.ValueOf(1), reflect.ValueOf(2)) }",
		"for range 20 { gob.NewEncoder(io.Discard).Encode(c); _ = slices.Collect(maps.Keys(c)) }",
	} {
		if _, err := eval(s, src); err != nil {
			t.Fatalf("%s: %v", src, err)
		}
	}
	for range 50 {
		s.Variables()
		s.Inspect(t.Context(), "c", 1, 0)
	}
	stopped := make(chan error)
	go func() {
		_, err := eval(s, "d := map[int]int{}; for i := 0; i < 300_000; i++ { d[i%1000] = i }")
		stopped <- err
	}()
	for {
		select {
		case err := <-stopped:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
			s.Variables()
			s.Inspect(t.Context(), "c", 1, 0)
		}
	}
}
