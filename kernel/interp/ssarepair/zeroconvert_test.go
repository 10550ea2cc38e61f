package ssarepair_test

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestZeroConversion(t *testing.T) {
	interptest.Needs(t, "ssa_zeroconvert", `package main
import ("fmt"; "net/url"; "sync"; "time")
type W time.Time
type U url.URL
type M sync.Mutex
type A [2]time.Time
func main() {
	w := W(time.Time{})
	u := (*U)(&url.URL{Host: "h"})
	m := M(sync.Mutex{})
	fmt.Println(time.Time(w).IsZero(), u.Host, (*sync.Mutex)(&m).TryLock(), A([2]time.Time{})[0].IsZero())
}`, "true h true true")
}
