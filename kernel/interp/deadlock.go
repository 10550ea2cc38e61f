package interp

import (
	"bytes"
	"go/types"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
	"golang.org/x/tools/go/ssa"
)

// Go ends a program all of whose goroutines wait for one another. Here that never holds, as the interpreter's own
// goroutines wait for signals and the network. So it is looked for, in programs that use nothing which could wake a
// goroutine from outside.

// wakers are functions of otherwise harmless packages after which a channel can be ready by itself.
var wakers = map[string][]string{
	"time": {"After", "AfterFunc", "NewTicker", "NewTimer", "Tick"}, "context": {"WithDeadline", "WithDeadlineCause", "WithTimeout", "WithTimeoutCause"},
	"runtime": {"AddCleanup", "SetFinalizer"},
}

// harmless are the packages that wake nobody, apart from the wakers.
var harmless = strings.Fields(`bufio bytes cmp container/heap container/list container/ring context encoding/base64 encoding/binary
	encoding/csv encoding/hex encoding/json errors fmt hash/crc32 hash/fnv hash/maphash io iter maps math math/big math/bits math/cmplx math/rand
	math/rand/v2 os path path/filepath reflect regexp runtime runtime/debug slices sort strconv strings sync sync/atomic
	text/tabwriter text/template time unicode unicode/utf8 unsafe`)

// canDeadlock reports whether a program is known to have nothing that wakes a goroutine but its own goroutines.
func canDeadlock(pkgs []*ssa.Package) bool {
	source := map[*types.Package]bool{}
	for _, p := range pkgs {
		source[p.Pkg] = true
	}
	for _, p := range pkgs {
		for _, dep := range p.Pkg.Imports() {
			path := strings.TrimSuffix(dep.Path(), "@patch")
			if !source[dep] && path != ssarepair.Path && !slices.Contains(harmless, path) {
				return false
			}
			for _, name := range wakers[path] {
				if f, ok := dep.Scope().Lookup(name).(*types.Func); ok && p.Prog.FuncValue(f) != nil && len(usersOf(pkgs, f)) > 0 {
					return false
				}
			}
		}
	}
	return true
}

// usersOf are the functions that mention f.
func usersOf(pkgs []*ssa.Package, f *types.Func) (users []*ssa.Function) {
	var buf [32]*ssa.Value
	seen := map[*ssa.Function]bool{}
	var visit func(fn *ssa.Function)
	visit = func(fn *ssa.Function) {
		if seen[fn] {
			return
		}
		seen[fn] = true
		for _, b := range fn.Blocks {
			for _, in := range b.Instrs {
				for _, op := range in.Operands(buf[:0]) {
					if callee, ok := (*op).(*ssa.Function); ok {
						if callee.Object() == types.Object(f) {
							users = append(users, fn)
						}
						visit(callee)
					}
				}
			}
		}
		for _, inner := range fn.AnonFuncs {
			visit(inner)
		}
	}
	for _, p := range pkgs {
		for _, m := range p.Members {
			if fn, ok := m.(*ssa.Function); ok {
				visit(fn)
			}
		}
	}
	if len(pkgs) > 0 {
		for _, t := range pkgs[0].Prog.RuntimeTypes() {
			for sel := range pkgs[0].Prog.MethodSets.MethodSet(t).Methods() {
				if fn := pkgs[0].Prog.MethodValue(sel); fn != nil {
					visit(fn)
				}
			}
		}
	}
	return users
}

// awaitDeadlock returns when all goroutines of the interpreted program wait for one another, or there are none because main
// has exited.
func awaitDeadlock(exited *atomic.Bool) {
	const often = 100 * time.Millisecond
	before := ""
	for pause := often; ; pause = min(2*pause, 2*time.Second) {
		time.Sleep(pause)
		now := waiting(exited.Load())
		if now != "" && now == before {
			return
		}
		if before = now; now != "" {
			pause = often / 2
		}
	}
}

// waiting names the goroutines of the program if all of them wait for one another, and is "" if not, or if there are none;
// "main" is one that has exited.
func waiting(exited bool) string {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	if len(all) == cap(all) {
		return "" // there may be more goroutines
	}
	var names [][]byte
	if exited {
		names = append(names, []byte("main"))
	}
	for g := range bytes.SplitSeq(all, []byte("\n\n")) {
		if !bytes.Contains(g, []byte("goplus/ixgo.")) || bytes.Contains(g, []byte("runInterpWithContext(")) {
			continue
		}
		head, _, _ := bytes.Cut(g, []byte("\n"))
		_, state, _ := bytes.Cut(head, []byte("["))
		state, _, _ = bytes.Cut(bytes.TrimRight(state, "]:"), []byte(","))
		if !slices.ContainsFunc(waits, func(w string) bool { return strings.HasPrefix(string(state), w) }) {
			return ""
		}
		number, _, _ := bytes.Cut(head, []byte(" ["))
		names = append(names, number)
	}
	return string(bytes.Join(names, []byte(" ")))
}

// waits are the states of goroutines that only others can wake. The runtime itself waits otherwise, as in runtime.GC.
var waits = []string{"chan receive", "chan send", "select", "sync."}
