package metrics

import "testing"

func TestParallelPanicReachesTheCaller(t *testing.T) {
	defer func() {
		if r := recover(); r != "fault" {
			t.Errorf("recovered %v", r)
		}
	}()
	parallel(10, func(i int) {
		if i%3 == 1 {
			panic("fault")
		}
	})
	t.Error("parallel returned")
}
