package widgets

import (
	"maps"
	"slices"
	"sync"

	"github.com/msflow-go/msflow/kernel/comm"
)

// Jupyter's names for comms of widgets, and the versions of what is said there.
const (
	target         = "jupyter.widget"
	controlTarget  = "jupyter.widget.control"
	version        = "2.1.0"
	controlVersion = "1.0.0"
)

// opened are the models that the front end may ask for, by ID.
var opened = struct {
	sync.Mutex
	models map[string]*Model
}{models: map[string]*Model{}}

func init() { comm.Register(controlTarget, control) }

func find(id string) *Model {
	opened.Lock()
	defer opened.Unlock()
	return opened.models[id]
}

func all() map[string]*Model {
	opened.Lock()
	defer opened.Unlock()
	return maps.Clone(opened.models)
}

// CloseAll closes every widget of the process.
func CloseAll() {
	for _, m := range all() {
		m.Close()
	}
}

// open tells the front end of the model.
func (m *Model) open() {
	state, paths, buffers := encode(m.state)
	m.comm = comm.Open(target, comm.Message{
		Data: map[string]any{"state": state, "buffer_paths": paths}, Metadata: map[string]any{"version": version}, Buffers: buffers,
	})
	m.comm.OnMessage(m.receive)
	m.comm.OnClose(func(comm.Message) { m.Close() })
	opened.Lock()
	defer opened.Unlock()
	opened.models[m.ID()] = m
}

func forget(m *Model) {
	m.comm.Close(comm.Message{})
	opened.Lock()
	defer opened.Unlock()
	delete(opened.models, m.ID())
}

// encode is a state as JSON has it: models by their names, and bytes apart, each with the path where it belongs.
func encode(state map[string]any) (plain map[string]any, paths [][]any, buffers [][]byte) {
	plain, paths = map[string]any{}, [][]any{}
	for _, key := range slices.Sorted(maps.Keys(state)) {
		if b, ok := state[key].([]byte); ok {
			paths, buffers = append(paths, []any{key}), append(buffers, b)
			continue
		}
		plain[key] = toJSON(state[key])
	}
	return plain, paths, buffers
}

func toJSON(v any) any {
	switch v := v.(type) {
	case *Model:
		return reference + v.ID()
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = toJSON(x)
		}
		return list
	}
	return v
}

// send tells the front end of a part of the state.
func (m *Model) send(method string, part map[string]any) {
	if len(part) == 0 || m.closed {
		return
	}
	state, paths, buffers := encode(part)
	m.comm.Send(comm.Message{Data: map[string]any{"method": method, "state": state, "buffer_paths": paths}, Buffers: buffers})
}

// receive takes what the front end says of the model.
func (m *Model) receive(msg comm.Message) {
	switch msg.Data["method"] {
	case "update":
		m.update(msg)
	case "request_state":
		m.mu.Lock()
		defer m.mu.Unlock()
		m.send("update", m.state)
	case "custom":
		if content, _ := msg.Data["content"].(map[string]any); content["event"] == "click" {
			m.call(clicks, nil)
		}
	}
}

// update takes a change that a person made. All front ends are told of it, as they may show the same widget; where it is
// not what the widget can hold, they are told what it holds.
func (m *Model) update(msg comm.Message) {
	given, _ := msg.Data["state"].(map[string]any)
	given = withBuffers(given, msg)
	nesting.Lock()
	accepted, refused := map[string]any{}, map[string]any{}
	errs := map[string]error{}
	for key, v := range given {
		if given[key], errs[key] = m.accept(key, fromJSON(v)); errs[key] == nil {
			errs[key] = m.mayHold(key, given[key])
		}
	}
	m.mu.Lock()
	for key, v := range given {
		if errs[key] == nil {
			accepted[key] = v
		} else if now, known := m.state[key]; known {
			refused[key] = now
		}
	}
	m.send("echo_update", accepted)
	changed := m.store(accepted)
	corrected := maps.Clone(refused)
	for key, v := range accepted {
		if now := m.state[key]; !same(now, v) {
			corrected[key] = now
		}
	}
	m.send("update", corrected)
	m.mu.Unlock()
	nesting.Unlock()
	m.tell(changed)
}

// withBuffers puts a message's bytes into the state that they belong to.
func withBuffers(state map[string]any, msg comm.Message) map[string]any {
	state = maps.Clone(state)
	paths, _ := msg.Data["buffer_paths"].([]any)
	for i, p := range paths {
		path, _ := p.([]any)
		if len(path) != 1 || i >= len(msg.Buffers) {
			continue
		}
		if key, ok := path[0].(string); ok {
			state[key] = msg.Buffers[i]
		}
	}
	return state
}

// control answers a front end that wants to know all models, as after a page is loaded again.
func control(c *comm.Comm, _ comm.Message) {
	c.OnMessage(func(m comm.Message) {
		if m.Data["method"] != "request_states" {
			return
		}
		states, paths, buffers := map[string]any{}, [][]any{}, [][]byte{}
		for id, m := range all() {
			described, p, b := m.describe()
			states[id] = described
			for _, path := range p {
				paths = append(paths, append([]any{id, "state"}, path...))
			}
			buffers = append(buffers, b...)
		}
		c.Send(comm.Message{
			Data:     map[string]any{"method": "update_states", "states": states, "buffer_paths": paths},
			Metadata: map[string]any{"version": controlVersion}, Buffers: buffers,
		})
	})
}

// describe is the model as the list of all has it.
func (m *Model) describe() (described map[string]any, paths [][]any, buffers [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, paths, buffers := encode(m.state)
	return map[string]any{
		"model_name": m.state["_model_name"], "model_module": m.state["_model_module"],
		"model_module_version": m.state["_model_module_version"], "state": state,
	}, paths, buffers
}
