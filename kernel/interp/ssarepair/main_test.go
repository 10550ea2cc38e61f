package ssarepair_test

import (
	"fmt"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/interp/interptest"
)

func TestMain(m *testing.M) {
	interp.HotFailed = func(fault any) { panic(fmt.Sprint("package hot: ", fault)) }
	interptest.Main(m, interp.RunProgram)
}
