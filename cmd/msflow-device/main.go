// Command msflow-device opens a plugin of XLA for msflow, which starts it when a device other than the processor is asked for,
// and does not need the system's C library itself. It is of no use by hand.
package main

import (
	"fmt"
	"os"

	"github.com/msflow-go/msflow/lib/xla/host"
	"github.com/msflow-go/msflow/lib/xla/remote/wire"
)

func main() {
	var files []*os.File
	for fd := wire.Requests; fd <= wire.Downloads; fd++ {
		f := os.NewFile(uintptr(fd), fmt.Sprintf("file %d", fd))
		if _, err := f.Stat(); err != nil {
			fmt.Fprintln(os.Stderr, "msflow-device is started by msflow --device cuda; by hand it does nothing")
			os.Exit(1)
		}
		files = append(files, f)
	}
	if err := host.Serve(files[0], files[1], files[2], files[3]); err != nil {
		fmt.Fprintln(os.Stderr, "msflow-device:", err)
		os.Exit(1)
	}
}
