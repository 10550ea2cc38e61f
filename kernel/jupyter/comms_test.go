package jupyter

import (
	"testing"

	"github.com/msflow-go/msflow/kernel/comm"
	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
)

func TestComms(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	comm.Register("echo", func(ch *comm.Comm, m comm.Message) {
		ch.OnMessage(func(m comm.Message) { ch.Send(m) })
	})
	defer comm.Register("echo", nil)
	c.Outputs(c.Send("shell", "comm_open", map[string]any{"comm_id": "1", "target_name": "echo", "data": map[string]any{}}))
	r := c.Reply("shell", c.Send("shell", "comm_info_request", map[string]any{"target_name": "echo"}))
	if info := r.Fields["comms"].(map[string]any)["1"]; info == nil || info.(map[string]any)["target_name"] != "echo" {
		t.Errorf("%v", r.Fields)
	}
	id := c.Send("shell", "comm_msg", map[string]any{"comm_id": "1", "data": map[string]any{"x": 1}}, []byte("buffer"))
	out := c.Outputs(id)
	if len(out) != 3 || out[1].Header.Type != "comm_msg" || out[1].Text("comm_id") != "1" || string(out[1].Buffers[0]) != "buffer" {
		t.Errorf("%v", jupyterclient.Types(out))
	}
	c.Outputs(c.Send("shell", "comm_close", map[string]any{"comm_id": "1", "data": map[string]any{}}))
	out = c.Outputs(c.Send("shell", "comm_open", map[string]any{"comm_id": "2", "target_name": "nobody"}))
	if len(out) != 3 || out[1].Header.Type != "comm_close" || out[1].Text("comm_id") != "2" {
		t.Errorf("unknown target: %v", jupyterclient.Types(out))
	}
	c.Outputs(c.Send("shell", "comm_msg", map[string]any{"comm_id": "gone"})) // answered by idle, not fatal
	if len(c.All("shell")) != 1 {
		t.Error("a comm message got a reply")
	}
}
