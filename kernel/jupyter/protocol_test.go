package jupyter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
	"github.com/msflow-go/msflow/kernel/protocol"
)

// The tests of this file follow the numbered list of protocol details that kernels get wrong; each names its number.

// 1. Reply on the socket the request came on; control is read while a cell runs.
func TestReplyOnTheSameSocketWhileBusy(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	cell := c.Send("shell", "execute_request", map[string]any{"code": "hold"})
	for _, kind := range []string{"kernel_info", "comm_info", "history"} {
		id := c.Send("control", kind+"_request", map[string]any{})
		if r := c.Reply("control", id); r.Header.Type != kind+"_reply" {
			t.Errorf("%s: %s", kind, r.Header.Type)
		}
	}
	close(s.script.release)
	c.Reply("shell", cell)
	if n := len(c.All("control")); n != 3 {
		t.Errorf("%d messages on control, want 3", n)
	}
}

// 2. Busy and idle around every request; idle after all output; starting once.
func TestBusyAndIdle(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for _, channel := range []string{"shell", "control"} {
		for _, kind := range []string{
			"kernel_info_request", "execute_request", "complete_request", "inspect_request", "is_complete_request",
			"history_request", "comm_info_request", "comm_open", "comm_msg", "comm_close", "connect_request", "interrupt_request",
		} {
			if kind == "execute_request" && channel == "control" {
				continue
			}
			out := c.Outputs(c.Send(channel, kind, map[string]any{"code": "print x"}))
			if out[0].Text("execution_state") != "busy" || out[len(out)-1].Text("execution_state") != "idle" {
				t.Errorf("%s on %s: %v", kind, channel, jupyterclient.Types(out))
			}
		}
	}
	_, out := c.Execute("print a\nwarn b\nvalue c\nprint d")
	if d := cmp.Diff([]string{"execute_input", "stream", "stream", "execute_result", "stream"}, jupyterclient.Types(out)); d != "" {
		t.Error(d)
	}
	second := s.client(t)
	second.Outputs(second.Send("shell", "kernel_info_request", map[string]any{}))
	starting := 0
	for _, m := range append(c.All("iopub"), second.All("iopub")...) {
		if m.Text("execution_state") == "starting" {
			starting++
		}
	}
	if starting != 1 {
		t.Errorf("starting was sent %d times", starting)
	}
}

// 3. No parent means {}; the session is the kernel's own; the topic comes first.
func TestHeaders(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	c.Execute("print x")
	for _, m := range c.All("iopub") {
		if m.Header.Session == c.Session || m.Header.Session == "" || m.Header.Version != "5.5" {
			t.Errorf("%s: header %+v", m.Header.Type, m.Header)
		}
		if _, err := time.Parse(time.RFC3339Nano, m.Header.Date); err != nil {
			t.Error(err)
		}
		if topic := string(m.Envelope[0]); !strings.HasSuffix(topic, m.Header.Type) {
			t.Errorf("%s: topic %q", m.Header.Type, topic)
		}
		if m.Ours == "" && string(m.Parent) != "{}" {
			t.Errorf("%s: parent %s", m.Header.Type, m.Parent)
		}
	}
}

// 3. A reply's parent is the request's header with every field it had.
func TestParentKeepsUnknownFields(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	header := `{"msg_id":"odd","session":"x","username":"","msg_type":"kernel_info_request","version":"9.9","subshell_id":null,"extra":[1]}`
	codec, _ := protocol.NewCodec("", "secret")
	frames := codec.Encode(&protocol.Message{Header: protocol.Header{Type: "x"}})
	signed := sign(t, "secret", header, string(frames[3]), string(frames[4]), string(frames[5]))
	c.Raw("shell").Send([]byte(protocol.Delimiter), signed, []byte(header), frames[3], frames[4], frames[5])
	if r := c.Reply("shell", "odd"); string(r.Parent) != header {
		t.Errorf("parent %s", r.Parent)
	}
}

// 4. Every execute_reply has a count; it grows only with store_history; silent
// sends no execute_input and no result.
func TestExecutionCount(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for _, step := range []struct {
		content string
		count   float64
		outputs []string
	}{
		{`{"code":"value 1"}`, 1, []string{"execute_input", "execute_result"}},
		{`{"code":"value 2","store_history":false}`, 1, []string{"execute_input", "execute_result"}},
		{`{"code":"value 3","silent":true}`, 1, []string{}},
		{`{"code":"value 4","silent":true,"store_history":true}`, 1, []string{}},
		{`{"code":"fail x"}`, 2, []string{"execute_input", "error"}},
		{`{"code":"value 5","store_history":true}`, 3, []string{"execute_input", "execute_result"}},
		{`{"code":7}`, 3, []string{}},
		{`{}`, 4, []string{"execute_input"}},
	} {
		id := c.Send("shell", "execute_request", json.RawMessage(step.content))
		if n := c.Reply("shell", id).Fields["execution_count"]; n != step.count {
			t.Errorf("%s: count %v, want %v", step.content, n, step.count)
		}
		out := c.Outputs(id)
		if d := cmp.Diff(step.outputs, append([]string{}, jupyterclient.Types(out[1:len(out)-1])...)); d != "" {
			t.Errorf("%s: %s", step.content, d)
		}
		for _, m := range out {
			if n, ok := m.Fields["execution_count"]; ok && n != step.count {
				t.Errorf("%s: %s has count %v", step.content, m.Header.Type, n)
			}
		}
	}
}

// 5. Errors: ename, evalue, traceback in reply and message; one message only.
func TestErrors(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for code, ename := range map[string]string{"print x\nfail boom": "Panic", "crash boom": "RequestError"} {
		reply, out := c.Execute(code)
		if reply.Text("status") != "error" || reply.Text("ename") != ename || !strings.Contains(reply.Text("evalue"), "boom") {
			t.Errorf("%s: reply %v", code, reply.Fields)
		}
		if tb, ok := reply.Fields["traceback"].([]any); !ok || len(tb) == 0 {
			t.Errorf("%s: traceback %v", code, reply.Fields["traceback"])
		}
		errors := 0
		for _, m := range out {
			if m.Header.Type == "error" {
				errors++
				for _, f := range []string{"ename", "evalue", "traceback"} {
					if d := cmp.Diff(reply.Fields[f], m.Fields[f]); d != "" {
						t.Errorf("%s: %s: %s", code, f, d)
					}
				}
			}
		}
		if code != "crash boom" && errors != 1 {
			t.Errorf("%s: %d error messages", code, errors)
		}
	}
	if reply, _ := c.Execute("print still here"); reply.Text("status") != "ok" {
		t.Error("the kernel does not go on after a crash of the evaluator")
	}
	if !strings.Contains(s.log.String(), "panic: boom") {
		t.Errorf("log: %s", s.log.String())
	}
}

func TestErrorsAreColouredOnlyInTheTraceback(t *testing.T) {
	s := serve(t)
	reply, _ := s.client(t).Execute("fail boom")
	want := []any{"\x1b[1m\x1b[31mPanic: boom\x1b[0m", "cell[1]:1", "  panic()", "\x1b[1m\x1b[31m  ^^^^^\x1b[0m"}
	if d := cmp.Diff(want, reply.Fields["traceback"]); d != "" {
		t.Error(d)
	}
	if strings.Contains(reply.Text("ename")+reply.Text("evalue"), "\x1b") {
		t.Error("colour outside of the traceback")
	}
}

// 6. Cursor positions are code points; missing and absurd ones are tolerated.
func TestCursor(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for _, step := range []struct {
		content string
		want    string
	}{
		{`{"code":"äöü😀","cursor_pos":4}`, "4 0"},
		{`{"code":"äöü😀"}`, "4 0"},
		{`{"code":"äöü😀","cursor_pos":99,"detail_level":1}`, "4 1"},
		{`{"code":"ab","cursor_pos":-3}`, "0 0"},
		{`{}`, "0 0"},
	} {
		r := c.Reply("shell", c.Send("shell", "inspect_request", json.RawMessage(step.content)))
		if got := r.Fields["data"].(map[string]any)["text/plain"]; got != step.want {
			t.Errorf("%s: cursor and detail %v, want %s", step.content, got, step.want)
		}
	}
}

// 7. Queries always answer, also with nothing found.
func TestQueriesAnswer(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for _, q := range []struct{ kind, content, want string }{
		{"complete", `{"code":"fmt.Pr","cursor_pos":6}`, `{"status":"ok","matches":["Println"],"cursor_start":1,"cursor_end":6,
			"metadata":{"_jupyter_types_experimental":[{"start":1,"end":6,"text":"Println","type":"function","signature":"(a ...any)"}]}}`},
		{"complete", `{"code":"nothing"}`, `{"status":"ok","matches":[],"cursor_start":7,"cursor_end":7,"metadata":{"_jupyter_types_experimental":[]}}`},
		{"inspect", `{"code":"x","cursor_pos":1}`, `{"status":"ok","found":true,"data":{"text/plain":"1 0","text/markdown":"*m*","text/html":"<p>"},"metadata":{}}`},
		{"inspect", `{"code":"nothing"}`, `{"status":"ok","found":false,"data":{},"metadata":{}}`},
		{"is_complete", `{"code":"f()"}`, `{"status":"complete"}`},
		{"is_complete", `{"code":"f(func() {"}`, `{"status":"incomplete","indent":"\t"}`},
		{"history", `{"hist_access_type":"tail","n":5}`, `{"status":"ok","history":[]}`},
		{"history", `{"hist_access_type":"nonsense"}`, `{"status":"ok","history":[]}`},
		{"history", `{}`, `{"status":"ok","history":[]}`},
		{"comm_info", `{"target_name":"x"}`, `{"status":"ok","comms":{}}`},
		{"interrupt", `{}`, `{"status":"ok"}`},
	} {
		r := c.Reply("shell", c.Send("shell", q.kind+"_request", json.RawMessage(q.content)))
		var want map[string]any
		if err := json.Unmarshal([]byte(q.want), &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, r.Fields); d != "" || r.Header.Type != q.kind+"_reply" {
			t.Errorf("%s %s: %s", q.kind, q.content, d)
		}
	}
	r := c.Reply("shell", c.Send("shell", "complete_request", json.RawMessage(`{"code":5}`)))
	if r.Text("status") != "error" || r.Fields["traceback"] == nil {
		t.Errorf("malformed content: %v", r.Fields)
	}
}

// 8. An error aborts what is already queued, and nothing that comes later.
func TestStopOnErrorAborts(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	execute := func(code string, stop bool) string {
		return c.Send("shell", "execute_request", map[string]any{"code": code, "stop_on_error": stop})
	}
	statuses := func(ids ...string) (s []string) {
		for _, id := range ids {
			out := c.Outputs(id)
			s = append(s, fmt.Sprint(c.Reply("shell", id).Text("status"), len(out)))
		}
		return s
	}
	failing := execute("sleep 50ms\nfail x", true)
	a, b := execute("print a", true), execute("print b", true)
	info := c.Send("shell", "kernel_info_request", map[string]any{})
	if d := cmp.Diff([]string{"error4", "aborted2", "aborted2", "ok2"}, statuses(failing, a, b, info)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"ok4"}, statuses(execute("print later", true))); d != "" {
		t.Error(d)
	}
	failing, a = execute("sleep 50ms\nfail x", false), execute("print a", true)
	if d := cmp.Diff([]string{"error4", "ok4"}, statuses(failing, a)); d != "" {
		t.Errorf("stop_on_error false: %s", d)
	}
}

// 9. Input: at once refused without allow_stdin; otherwise asked of the peer
// that sent the cell, and of nobody else.
func TestInput(t *testing.T) {
	s := serve(t)
	c, other := s.client(t), s.client(t)
	reply, _ := c.Execute("ask name")
	if reply.Text("status") != "error" {
		t.Errorf("allow_stdin false: %v", reply.Fields)
	}
	id := c.Send("shell", "execute_request", map[string]any{"code": "print before\nask secret"})
	q := c.Await("stdin", "input_request", func(m *jupyterclient.Message) bool { return m.Ours == id })
	if q.Text("prompt") != "secret" || q.Fields["password"] != true {
		t.Errorf("request %v", q.Fields)
	}
	before := c.Await("iopub", "text before the prompt", func(m *jupyterclient.Message) bool { return m.Text("text") == "before\n" })
	if before.When.After(q.When.Add(flushDelay / 2)) {
		t.Error("text printed before the question came after it")
	}
	other.Send("stdin", "input_reply", map[string]any{"value": "from the wrong client"})
	time.Sleep(20 * time.Millisecond)
	c.Send("stdin", "input_reply", map[string]any{"value": "Grüße"})
	out := c.Outputs(id)
	if got := out[len(out)-2].Text("text"); got != "got Grüße" {
		t.Errorf("%q", got)
	}
	if n := len(other.All("stdin")); n != 0 {
		t.Errorf("%d messages on another client's stdin", n)
	}
}

// 9. A question can be interrupted, and its late answer is not taken for the
// next one's.
func TestInputInterrupted(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	asked := func(m *jupyterclient.Message) bool { return m.Header.Type == "input_request" }
	id := c.Send("shell", "execute_request", map[string]any{"code": "ask first"})
	c.Await("stdin", "input_request", asked)
	c.Send("control", "interrupt_request", map[string]any{})
	if r := c.Reply("shell", id); r.Text("status") != "error" {
		t.Errorf("%v", r.Fields)
	}
	c.Send("stdin", "input_reply", map[string]any{"value": "late"})
	time.Sleep(20 * time.Millisecond)
	id = c.Send("shell", "execute_request", map[string]any{"code": "ask second"})
	c.Await("stdin", "input_request", func(m *jupyterclient.Message) bool { return m.Ours == id })
	c.Send("stdin", "input_reply", map[string]any{"value": "fresh"})
	out := c.Outputs(id)
	if got := out[len(out)-2].Text("text"); got != "got fresh" {
		t.Errorf("%q", got)
	}
}

// 10. Displays and updates carry their ID; text/plain is always there.
func TestDisplays(t *testing.T) {
	s := serve(t)
	_, out := s.client(t).Execute("show a\nhandle h b\nupdate h c\nclear wait\nclear")
	var got []string
	for _, m := range out[1:] {
		j, _ := json.Marshal(m.Fields)
		got = append(got, m.Header.Type+" "+string(j))
	}
	want := []string{
		`display_data {"data":{"text/plain":"\"a\""},"metadata":{},"transient":{}}`,
		`display_data {"data":{"text/plain":"\"b\""},"metadata":{"isolated":true},"transient":{"display_id":"h"}}`,
		`update_display_data {"data":{"text/plain":"\"c\""},"metadata":{"isolated":true},"transient":{"display_id":"h"}}`,
		`clear_output {"wait":true}`,
		`clear_output {"wait":false}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// 11. Shutdown replies before it ends, on iopub too; a running cell is stopped.
func TestShutdown(t *testing.T) {
	for _, channel := range []string{"control", "shell"} {
		for _, restart := range []bool{false, true} {
			s := serve(t)
			c := s.client(t)
			if channel == "control" {
				c.Send("shell", "execute_request", map[string]any{"code": "hold"})
			}
			id := c.Send(channel, "shutdown_request", map[string]any{"restart": restart})
			if r := c.Reply(channel, id); r.Fields["restart"] != restart || r.Text("status") != "ok" {
				t.Errorf("%s: %v", channel, r.Fields)
			}
			if d := cmp.Diff([]string{"status", "shutdown_reply", "status"}, jupyterclient.Types(c.Outputs(id))); d != "" {
				t.Errorf("%s: %s", channel, d)
			}
			select {
			case got := <-s.ended:
				if got != restart {
					t.Errorf("Serve says restart %v", got)
				}
				s.ended <- got
			case <-time.After(time.Minute):
				t.Error("Serve goes on")
			}
		}
	}
}

// 11. interrupt_request on control stops the cell and is answered.
func TestInterrupt(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	id := c.Send("shell", "execute_request", map[string]any{"code": "print x\nhold"})
	c.Await("iopub", "the cell running", func(m *jupyterclient.Message) bool { return m.Text("text") == "x\n" })
	c.Reply("control", c.Send("control", "interrupt_request", map[string]any{}))
	if r := c.Reply("shell", id); r.Text("ename") != "Interrupted" {
		t.Errorf("%v", r.Fields)
	}
}

// 11. The heartbeat answers while a cell holds the shell.
func TestHeartbeat(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	c.Send("shell", "execute_request", map[string]any{"code": "hold"})
	hb := jupyterclient.Dial(t, s.conn, s.conn.HB, "REQ", "")
	for range 3 {
		hb.Send(nil, []byte("ping"))
		frames, err := hb.Receive()
		if err != nil || len(frames) != 2 || string(frames[1]) != "ping" {
			t.Fatalf("%q, %v", frames, err)
		}
	}
}

// 12. What is not a message is dropped and counted; unknown types are ignored.
func TestBadMessages(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for _, channel := range []string{"shell", "control", "stdin"} {
		raw := c.Raw(channel)
		raw.Send([]byte("no delimiter"))
		raw.Send([]byte(protocol.Delimiter), []byte("short"))
		raw.Send([]byte(protocol.Delimiter), []byte("bad signature"), []byte("{}"), []byte("{}"), []byte("{}"), []byte("{}"))
		header := `["` + channel + `"]`
		for range 2 { // the second is a replay
			raw.Send([]byte(protocol.Delimiter), sign(t, "secret", header, "{}", "{}", "{}"), []byte(header), []byte("{}"), []byte("{}"), []byte("{}"))
		}
		c.Send(channel, "no_such_request", map[string]any{})
	}
	c.Execute("print still serving")
	c.Reply("control", c.Send("control", "kernel_info_request", map[string]any{}))
	for end := time.Now().Add(2 * time.Second); s.Counts().Unknown < 3 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if n := s.Counts(); n.Frames != 9 || n.Signature != 6 || n.Unknown != 3 {
		t.Errorf("%+v", n)
	}
}

// 13. A welcome for each subscription; VS Code's start: kernel_info on control
// and shell before anything else, and it waits for both statuses.
func TestStartSequenceOfVSCode(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	for _, channel := range []string{"control", "shell"} {
		id := c.Send(channel, "kernel_info_request", map[string]any{})
		info := c.Reply(channel, id).Fields
		language, _ := info["language_info"].(map[string]any)
		if info["protocol_version"] != "5.5" || info["implementation"] != "msflow" || language["name"] != "go" || language["file_extension"] != ".go" {
			t.Errorf("%s: %v", channel, info)
		}
		if d := cmp.Diff([]string{"status", "status"}, jupyterclient.Types(c.Outputs(id))); d != "" {
			t.Errorf("%s: %s", channel, d)
		}
	}
	if lexer := c.All("shell")[0].Fields["language_info"].(map[string]any)["pygments_lexer"]; lexer == "" {
		t.Error("an empty pygments_lexer makes nbconvert highlight as IPython")
	}
	one := jupyterclient.Dial(t, s.conn, s.conn.IOPub, "SUB", "")
	one.Subscribe("topic")
	frames, err := one.Receive()
	if err != nil || string(frames[0]) != "topic" || !strings.Contains(string(frames[len(frames)-1]), `"subscription":"topic"`) {
		t.Errorf("welcome %q, %v", frames, err)
	}
}

// 13. The very first request is heard of on iopub also by a client whose
// subscription arrives after it.
func TestFirstRequestWaitsForTheSubscription(t *testing.T) {
	for _, port := range []string{"shell", "control"} {
		s := serve(t)
		socket := jupyterclient.Dial(t, s.conn, map[string]int{"shell": s.conn.Shell, "control": s.conn.Control}[port], "DEALER", "")
		codec, _ := protocol.NewCodec("", "secret")
		socket.Send(codec.Encode(&protocol.Message{Header: protocol.Header{ID: "first", Type: "kernel_info_request", Version: "5.5"}})...)
		time.Sleep(50 * time.Millisecond)
		c := s.client(t)
		if d := cmp.Diff([]string{"status", "status"}, jupyterclient.Types(c.Outputs("first"))); d != "" {
			t.Errorf("%s: %s", port, d)
		}
		if frames, err := socket.Receive(); err != nil || !strings.Contains(string(frames[2]), "kernel_info_reply") {
			t.Errorf("%s: %q, %v", port, frames, err)
		}
	}
}

// 13. A client without iopub is answered all the same.
func TestFirstRequestWithoutASubscription(t *testing.T) {
	s := serve(t)
	socket := jupyterclient.Dial(t, s.conn, s.conn.Shell, "DEALER", "")
	codec, _ := protocol.NewCodec("", "secret")
	socket.Send(codec.Encode(&protocol.Message{Header: protocol.Header{ID: "first", Type: "kernel_info_request", Version: "5.5"}})...)
	if _, err := socket.Receive(); err != nil {
		t.Error(err)
	}
}

// 15. User expressions are evaluated after success; one may fail alone.
func TestUserExpressions(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	id := c.Send("shell", "execute_request", map[string]any{"code": "print x", "user_expressions": map[string]string{"a": "value 7", "b": "fail no", "c": "print y"}})
	r := c.Reply("shell", id)
	got := r.Fields["user_expressions"].(map[string]any)
	a, b := got["a"].(map[string]any), got["b"].(map[string]any)
	if d := cmp.Diff(map[string]any{"status": "ok", "data": map[string]any{"text/plain": `"7"`}, "metadata": map[string]any{}}, a); d != "" {
		t.Error(d)
	}
	if b["status"] != "error" || b["ename"] != "Panic" || b["traceback"] == nil {
		t.Errorf("%v", b)
	}
	if slices.Contains(jupyterclient.Types(c.Outputs(id)), "execute_result") {
		t.Error("an expression's value was shown")
	}
}

// 15. History lasts across kernels that share the file.
func TestHistoryAcrossSessions(t *testing.T) {
	file := withHistory(t)
	first := serve(t, file)
	first.client(t).Execute("value one")
	first.client(t).Execute("print two")
	path := first.opts.History
	second := serve(t, func(o *Options) { o.History = path })
	c := second.client(t)
	for _, q := range []struct{ content, want string }{
		{`{"hist_access_type":"tail","n":2,"output":true}`, `[[1,1,["value one","\"one\""]],[1,2,["print two",null]]]`},
		{`{"hist_access_type":"range","session":1,"start":2,"stop":3}`, `[[1,2,"print two"]]`},
		{`{"hist_access_type":"search","pattern":"value*"}`, `[[1,1,"value one"]]`},
	} {
		r := c.Reply("shell", c.Send("shell", "history_request", json.RawMessage(q.content)))
		if j, _ := json.Marshal(r.Fields["history"]); string(j) != q.want {
			t.Errorf("%s: %s", q.content, j)
		}
	}
}

// ?name opens the pager through the reply's payload.
func TestPager(t *testing.T) {
	s := serve(t)
	reply, _ := s.client(t).Execute("page docs")
	j, _ := json.Marshal(reply.Fields["payload"])
	if want := `[{"data":{"text/plain":"docs"},"source":"page","start":0}]`; string(j) != want {
		t.Errorf("%s", j)
	}
	reply, _ = s.client(t).Execute("print x")
	if j, _ := json.Marshal(reply.Fields["payload"]); string(j) != "[]" {
		t.Errorf("payload of a plain cell: %s", j)
	}
}
