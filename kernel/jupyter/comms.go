package jupyter

import (
	"encoding/json"

	"github.com/msflow-go/msflow/kernel/comm"
)

type commRequest struct {
	ID     string         `json:"comm_id"`
	Target string         `json:"target_name"`
	Data   map[string]any `json:"data"`
}

// commMessage decodes what the three comm messages have in common.
func commMessage(r *request) (commRequest, comm.Message, error) {
	var req commRequest
	if err := r.DecodeContent(&req); err != nil {
		return req, comm.Message{}, err
	}
	m := comm.Message{Data: req.Data, Buffers: r.Buffers}
	err := json.Unmarshal(r.Metadata, &m.Metadata)
	return req, m, err
}

// forComm runs do, which may run code of cells. A comm that is not there is told in the log: comm messages have no reply.
func (k *Kernel) forComm(r *request, do func(commRequest, comm.Message) error) (object, error) {
	req, m, err := commMessage(r)
	if err != nil {
		return nil, err
	}
	defer k.flushAll() // what a function for an event prints is some cell's
	if err := do(req, m); err != nil {
		k.logf("%s: %v", r.Header.Type, err)
	}
	return nil, nil
}

func (k *Kernel) commOpen(r *request) (object, error) {
	return k.forComm(r, func(q commRequest, m comm.Message) error { return comm.Opened(q.ID, q.Target, m) })
}

func (k *Kernel) commMsg(r *request) (object, error) {
	return k.forComm(r, func(q commRequest, m comm.Message) error { return comm.Received(q.ID, m) })
}

func (k *Kernel) commClose(r *request) (object, error) {
	return k.forComm(r, func(q commRequest, m comm.Message) error { return comm.Closed(q.ID, m) })
}

func (k *Kernel) commInfo(r *request) (object, error) {
	var req commRequest
	if err := r.DecodeContent(&req); err != nil {
		return nil, err
	}
	comms := object{}
	for id, target := range comm.List(req.Target) {
		comms[id] = object{"target_name": target}
	}
	return object{"status": "ok", "comms": comms}, nil
}

// sendComm carries a comm's message to the front end, as part of what the shell request being served causes.
func (k *Kernel) sendComm(e comm.Event) {
	content := object{"comm_id": e.ID, "data": orEmpty(e.Data)}
	if e.Kind == "comm_open" {
		content["target_name"] = e.Target
	}
	var parent json.RawMessage
	if r := k.current.Load(); r != nil {
		parent = r.RawHeader
	}
	m := k.message(e.Kind, parent, content)
	if metadata, err := json.Marshal(orEmpty(e.Metadata)); err == nil {
		m.Metadata = metadata
	}
	m.Buffers = e.Buffers
	k.send(m, true)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
