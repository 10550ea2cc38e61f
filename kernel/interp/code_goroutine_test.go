package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestGoroutinePanic(t *testing.T) {
	for _, src := range []string{
		"package main\nfunc worker() { panic(\"lost\") }\nfunc main() { go worker(); select {} }",
		"package main\nfunc worker() { defer func() {}(); panic(\"lost\") }\nfunc main() { go func() { worker() }(); for {} }",
		"package main\nimport \"time\"\ntype w struct{ m map[string]int }\nfunc (w w) worker() { w.m[\"lost\"] = 1 }\nfunc main() { go w{}.worker(); time.Sleep(time.Minute) }",
	} {
		got := interptest.Run(t, src, "")
		if !contains(got, "panic: ") || !contains(got, "worker(") || !contains(got, "exit status 2") || contains(got, "ixgo") {
			t.Errorf("%s\nprints %s", src, got)
		}
		if got := interptest.Run(t, src, "code_goroutine"); contains(got, "worker(") {
			t.Errorf("needs no correction: %s", src)
		}
	}
}
