package comm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// record collects what is sent to the front end.
func record(t *testing.T) *[]Event {
	var events []Event
	Connect(func(e Event) { events = append(events, e) })
	t.Cleanup(func() { output.Store(nil) })
	return &events
}

func text(s string) Message { return Message{Data: map[string]any{"text": s}} }

func TestFrontEndOpens(t *testing.T) {
	sent := record(t)
	var heard []string
	Register("echo", func(c *Comm, m Message) {
		heard = append(heard, "open "+m.Data["text"].(string))
		c.OnMessage(func(m Message) {
			heard = append(heard, m.Data["text"].(string))
			c.Send(m)
		})
		c.OnClose(func(Message) { heard = append(heard, "close") })
	})
	defer Register("echo", nil)
	for _, err := range []error{Opened("1", "echo", text("a")), Received("1", text("b"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(map[string]string{"1": "echo"}, List("echo")); d != "" {
		t.Error(d)
	}
	if err := Closed("1", Message{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"open a", "b", "close"}, heard); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Event{{"comm_msg", "1", "", text("b")}}, *sent); d != "" {
		t.Error(d)
	}
	if Received("1", text("late")) == nil || Closed("1", Message{}) == nil || len(List("")) != 0 {
		t.Error("the comm is still open")
	}
}

func TestUnknownTargetIsClosed(t *testing.T) {
	sent := record(t)
	if Opened("2", "nobody", Message{}) == nil {
		t.Error("no error")
	}
	if d := cmp.Diff([]Event{{Kind: "comm_close", ID: "2"}}, *sent); d != "" {
		t.Error(d)
	}
}

func TestKernelOpens(t *testing.T) {
	sent := record(t)
	c := Open("plot", text("a"))
	c.Send(text("b"))
	c.Close(text("c"))
	c.Close(text("again"))
	want := []Event{{"comm_open", c.ID, "plot", text("a")}, {"comm_msg", c.ID, "", text("b")}, {"comm_close", c.ID, "", text("c")}}
	if d := cmp.Diff(want, *sent); d != "" {
		t.Error(d)
	}
}
