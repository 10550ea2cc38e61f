package jupyter

import (
	"cmp"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/protocol"
)

func (k *Kernel) kernelInfo(*request) (object, error) {
	version := strings.TrimPrefix(runtime.Version(), "go")
	return object{
		"status":                 "ok",
		"protocol_version":       protocol.Version,
		"implementation":         "msflow",
		"implementation_version": cmp.Or(k.opts.Version, "0.0.0"),
		"language_info": object{
			"name":            "go",
			"version":         version,
			"mimetype":        "text/x-go",
			"file_extension":  ".go",
			"pygments_lexer":  "go",
			"codemirror_mode": "go",
		},
		"banner":             fmt.Sprintf("Go %s (MSFlow %s). %%help lists the magics, ?name shows documentation.", version, cmp.Or(k.opts.Version, "0.0.0")),
		"debugger":           false,
		"supported_features": []string{},
		"help_links": []object{
			{"text": "Go: language specification", "url": "https://go.dev/ref/spec"},
			{"text": "Go: standard library", "url": "https://pkg.go.dev/std"},
			{"text": "Gonum", "url": "https://pkg.go.dev/gonum.org/v1/gonum"},
			{"text": "Gorgonia", "url": "https://gorgonia.org"},
		},
	}, nil
}

// connect is deprecated by the protocol but still part of it.
func (k *Kernel) connect(*request) (object, error) {
	c := k.opts.Connection
	return object{
		"status": "ok", "shell_port": c.Shell, "iopub_port": c.IOPub,
		"stdin_port": c.Stdin, "hb_port": c.HB, "control_port": c.Control,
	}, nil
}

func (k *Kernel) interrupt(*request) (object, error) {
	k.eval.Interrupt()
	return object{"status": "ok"}, nil
}

// shutdownRequest replies, on iopub too so that other clients know, before anything ends. A cell that runs is stopped by
// Serve.
func (k *Kernel) shutdownRequest(r *request) (object, error) {
	var req struct {
		Restart bool `json:"restart"`
	}
	if err := r.DecodeContent(&req); err != nil {
		return nil, err
	}
	content := object{"status": "ok", "restart": req.Restart}
	k.publish("shutdown_reply", r.RawHeader, content)
	time.AfterFunc(shutdownDelay, func() { k.shutdown(req.Restart) })
	return content, nil
}

// shutdownDelay lets the reply and idle reach the sockets' queues, from where they are still delivered during close.
const shutdownDelay = 5 * time.Millisecond
