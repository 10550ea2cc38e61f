package protocol

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// Connection is a connection file: where a kernel listens and the key that messages are signed with.
type Connection struct {
	Transport string `json:"transport"`
	IP        string `json:"ip"` // for ipc, the start of the sockets' paths
	Shell     int    `json:"shell_port"`
	IOPub     int    `json:"iopub_port"`
	Stdin     int    `json:"stdin_port"`
	Control   int    `json:"control_port"`
	HB        int    `json:"hb_port"`
	Scheme    string `json:"signature_scheme"`
	Key       string `json:"key"`
	Kernel    string `json:"kernel_name,omitempty"`
}

// ReadConnection reads a connection file. Missing transport and ip mean tcp on 127.0.0.1.
func ReadConnection(path string) (*Connection, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the connection file: %w", err)
	}
	c := &Connection{Transport: "tcp", IP: "127.0.0.1"}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("reading the connection file %s: %w", path, err)
	}
	if _, err := NewCodec(c.Scheme, c.Key); err != nil {
		return nil, fmt.Errorf("connection file %s: %w", path, err)
	}
	for name, port := range map[string]int{"shell": c.Shell, "iopub": c.IOPub, "stdin": c.Stdin, "control": c.Control, "hb": c.HB} {
		if port < 0 || c.Transport == "tcp" && port > 65535 {
			return nil, fmt.Errorf("connection file %s: %s_port %d is not a port", path, name, port)
		}
	}
	return c, nil
}

// Write writes the file anew, readable by its owner only, and in one step: a client that waits for it never sees half.
func (c *Connection) Write(path string) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteBytes(path, 0o600, append(b, '\n'))
}

// Endpoint is the address of one port as ZeroMQ writes it.
func (c *Connection) Endpoint(port int) string {
	if c.Transport == "ipc" {
		return fmt.Sprintf("ipc://%s-%d", c.IP, port)
	}
	ip := c.IP
	if strings.Contains(ip, ":") && !strings.HasPrefix(ip, "[") {
		ip = "[" + ip + "]"
	}
	return fmt.Sprintf("%s://%s:%d", c.Transport, ip, port)
}
