package jupyter_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
	"github.com/msflow-go/msflow/kernel/protocol"
)

// TestClientsLearnWhyAKernelDied starts kernels on one connection file after the other, as Jupyter does when one dies.
func TestClientsLearnWhyAKernelDied(t *testing.T) {
	file := filepath.Join(t.TempDir(), "connection.json")
	conn := &protocol.Connection{Transport: "tcp", IP: "127.0.0.1", Scheme: "hmac-sha256", Key: "died"}
	if err := conn.Write(file); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		told string
		end  syscall.Signal // from outside: a cell that would kill its kernel is ended
	}{
		{"", syscall.SIGABRT},
		{"died, and its variables with it: SIGABRT: abort", syscall.SIGKILL},
		{"it was killed, as the system does when memory runs out", syscall.SIGTERM},
		{"", syscall.SIGTERM},
	} {
		cmd := exec.Command(os.Args[0], file)
		cmd.Env = append(os.Environ(), "MSFLOW_TEST_KERNEL=1", "MSFLOW_HISTORY="+file+".history")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		t.Cleanup(func() { cmd.Process.Kill() })
		var err error
		for end := time.Now().Add(20 * time.Second); conn.Shell == 0; time.Sleep(10 * time.Millisecond) {
			if conn, err = protocol.ReadConnection(file); err != nil || time.Now().After(end) {
				t.Fatalf("the kernel chose no ports: %v", err)
			}
		}
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // the ports of a second kernel are known before it is
			if probe, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", conn.Shell)); err == nil {
				probe.Close()
				break
			} else if time.Now().After(end) {
				t.Fatal(err)
			}
		}
		client := jupyterclient.New(t, conn)
		_, out := client.Execute("import \"syscall\"")
		told := ""
		for _, m := range out {
			told += m.Text("text")
		}
		if !strings.Contains(told, c.told) || c.told == "" && told != "" {
			t.Errorf("the first cell prints %q, want %q in it", told, c.told)
		}
		if _, out = client.Execute("1"); c.told != "" && len(out) > 0 && strings.Contains(out[0].Text("text"), c.told) {
			t.Error("the second cell says it again")
		}
		if err := cmd.Process.Signal(c.end); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Fatal("the kernel does not end")
		}
	}
	if left, _ := filepath.Glob(file + ".died"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
