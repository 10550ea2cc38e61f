package transport

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenErrorsNameTheEndpoint(t *testing.T) {
	taken := local(t)
	defer taken.Close()
	for _, e := range []string{"127.0.0.1:5555", "udp://127.0.0.1:5555", "tcp://" + taken.Addr().String(), "ipc:///no/such/dir/socket"} {
		l, err := Listen(e)
		if err == nil {
			l.Close()
			t.Errorf("%s: no error", e)
		} else if !strings.Contains(err.Error(), e) {
			t.Errorf("%s: error does not name it: %v", e, err)
		}
	}
}

func TestListenEverywhere(t *testing.T) {
	l, err := Listen("tcp://*:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestIPCSocketIsPrivateAndStaleOnesAreReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel-1")
	first, err := Listen("ipc://" + path)
	if err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", st.Mode())
	}
	if l, err := Listen("ipc://" + path); err == nil {
		l.Close()
		t.Error("a socket in use was taken over")
	}
	// A crashed process leaves its socket file behind.
	first.(interface{ SetUnlinkOnClose(bool) }).SetUnlinkOnClose(false)
	first.Close()
	second, err := Listen("ipc://" + path)
	if err != nil {
		t.Fatalf("stale socket: %v", err)
	}
	second.Close()
	if _, err := os.Stat(path); err == nil {
		t.Error("socket file left after Close")
	}
}

func TestListenLeavesOrdinaryFilesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen("ipc://" + path); err == nil {
		l.Close()
		t.Error("listened on an ordinary file")
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("an ordinary file was replaced")
	}
}
