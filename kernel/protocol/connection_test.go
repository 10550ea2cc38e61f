package protocol

import (
	"os"
	"strings"
	"testing"
)

func TestConnectionFile(t *testing.T) {
	path := t.TempDir() + "/kernel-1.json"
	want := &Connection{Transport: "tcp", IP: "127.0.0.1", Shell: 1, IOPub: 2, Stdin: 3, Control: 4, HB: 5, Scheme: "hmac-sha256", Key: "k"}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", st.Mode())
	}
	got, err := ReadConnection(path)
	if err != nil || *got != *want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConnectionFileErrorsNameTheFile(t *testing.T) {
	for _, content := range []string{"", "{", `{"shell_port":70000}`, `{"signature_scheme":"rot13"}`} {
		path := t.TempDir() + "/bad.json"
		os.WriteFile(path, []byte(content), 0o600)
		if _, err := ReadConnection(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, err := ReadConnection("/no/such.json"); err == nil || !strings.Contains(err.Error(), "/no/such.json") {
		t.Error(err)
	}
}

func TestEndpoints(t *testing.T) {
	for _, c := range []struct {
		transport, ip, want string
	}{
		{"tcp", "127.0.0.1", "tcp://127.0.0.1:7"},
		{"tcp", "*", "tcp://*:7"},
		{"tcp", "::1", "tcp://[::1]:7"},
		{"ipc", "/run/k", "ipc:///run/k-7"},
	} {
		if got := (&Connection{Transport: c.transport, IP: c.ip}).Endpoint(7); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
