package transport

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
)

// The three sockets against the real thing, over tcp and ipc.
func TestLibzmq(t *testing.T) {
	python := jupyterenv.Python(t, "zmq")
	for _, network := range []string{"tcp", "ipc"} {
		t.Run(network, func(t *testing.T) {
			dir := t.TempDir()
			listen := func(name string) (net.Listener, string) {
				endpoint := "tcp://127.0.0.1:0"
				if network == "ipc" {
					endpoint = "ipc://" + filepath.Join(dir, name)
				}
				l, err := Listen(endpoint)
				if err != nil {
					t.Fatal(err)
				}
				return l, network + "://" + l.Addr().String()
			}
			l, shell := listen("shell")
			r := NewRouter(l, Limits{}, nil)
			l, iopub := listen("iopub")
			p := NewPublisher(l, Limits{}, func(topic string) [][][]byte {
				return [][][]byte{{[]byte(topic), []byte("welcome")}}
			})
			l, hb := listen("hb")
			e := NewEcho(l, Limits{})
			defer r.Close(0)
			defer p.Close(0)
			defer e.Close(0)
			go reflectAll(r, p)
			out := jupyterenv.Run(t, python, nil, "testdata/libzmq_peer.py", shell, iopub, hb)
			if !strings.HasPrefix(out, "ok") {
				t.Error(out)
			}
			if c := r.Counts(); c.Malformed+c.Oversized+c.Refused != 0 {
				t.Errorf("libzmq was found at fault: %+v", c)
			}
		})
	}
}

func reflectAll(r *Router, p *Publisher) {
	for {
		m, err := r.Receive()
		if err != nil {
			return
		}
		if string(m.Frames[0]) == "publish" {
			p.Publish(m.Frames[1:], true)
		}
		r.Send(m.Peer, m.Frames)
	}
}
