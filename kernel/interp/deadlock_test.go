package interp

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

// TestDeadlock has programs that Go ends, and such that wait for something.
func TestDeadlock(t *testing.T) {
	for src, deadlock := range map[string]bool{
		"package main\nfunc main() { ch := make(chan int); <-ch }": true,
		`package main
import ("fmt"; "sync")
func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	mu.Lock()
	wg.Add(1)
	go func() { mu.Lock(); wg.Done() }()
	fmt.Println("waiting")
	wg.Wait()
}`: true,
		`package main
import "time"
func main() { <-time.After(500 * time.Millisecond) }`: false,
		`package main
import "time"
func main() {
	c := make(chan int)
	go func() { time.Sleep(500 * time.Millisecond); c <- 1 }()
	<-c
}`: false,
		`package main
import "context"
import "time"
func main() {
	with := context.WithTimeout
	ctx, cancel := with(context.Background(), 500*time.Millisecond)
	defer cancel()
	<-ctx.Done()
}`: false,
	} {
		if got := interptest.Run(t, src, ""); contains(got, "asleep - deadlock") != deadlock || deadlock && !contains(got, "exit status 2") {
			t.Errorf("%s\nprints %s", src, got)
		}
	}
}

func TestEndlessInterfaceInProgram(t *testing.T) {
	if got := interptest.Run(t, "package main\ntype T interface{ M(interface{ T }) }\nfunc main() {}", ""); !contains(got, "prog.go:2:8: invalid recursive type") {
		t.Error(got)
	}
}
