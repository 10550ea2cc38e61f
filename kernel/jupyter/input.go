package jupyter

import (
	"context"
	"fmt"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

type inputReply struct {
	peer   string
	Value  string `json:"value"`
	Status string `json:"status"`
}

// Input asks the client that sent the cell for a line.
func (s *cellSink) Input(ctx context.Context, prompt string, secret bool) (string, error) {
	if !s.mayAsk {
		return "", engine.ErrNoInput
	}
	s.finish() // a prompt follows what was printed before it
	s.k.asking.Lock()
	defer s.k.asking.Unlock()
	s.k.forgetInputs()
	if err := s.k.ask(ctx, s.req, prompt, secret); err != nil {
		return "", err
	}
	return s.k.awaitInput(ctx, s.req.peer)
}

// forgetInputs drops answers to questions that nobody asks any more.
func (k *Kernel) forgetInputs() {
	for {
		select {
		case <-k.inputs:
		default:
			return
		}
	}
}

// ask sends an input_request to the peer that sent r. A client may connect its stdin later than its shell, so this tries
// for a while.
func (k *Kernel) ask(ctx context.Context, r *request, prompt string, secret bool) error {
	m := k.message("input_request", r.RawHeader, object{"prompt": prompt, "password": secret})
	m.Envelope = r.Envelope
	frames := k.codec.Encode(m)
	for range 20 {
		if k.stdin.Send(r.peer, frames) == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		case <-k.ctx.Done():
			return k.ctx.Err()
		}
	}
	return fmt.Errorf("%w: the client has no stdin channel", engine.ErrNoInput)
}

func (k *Kernel) awaitInput(ctx context.Context, peer string) (string, error) {
	for {
		select {
		case in := <-k.inputs:
			if in.peer != peer {
				continue
			}
			if in.Status == "error" {
				return "", engine.ErrNoInput
			}
			return in.Value, nil
		case <-ctx.Done():
			return "", ctx.Err()
		case <-k.ctx.Done():
			return "", k.ctx.Err()
		}
	}
}

// takeInput receives an input_reply. Without anybody waiting it is dropped.
func (k *Kernel) takeInput(r *request) {
	in := inputReply{peer: r.peer}
	if r.Header.Type != "input_reply" || r.DecodeContent(&in) != nil {
		k.counts.unknown.Add(1)
		return
	}
	select {
	case k.inputs <- in:
	default:
	}
}
