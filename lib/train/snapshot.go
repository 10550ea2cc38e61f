package train

import "github.com/msflow-go/msflow/lib/flow"

// snapshot keeps the parameters of the epoch with the lowest held-out loss; nil values mean that there was none yet.
type snapshot struct {
	params []*flow.Param // of the model, integer state left out
	values [][]float32
}

func newSnapshot(model flow.Block) *snapshot {
	s := &snapshot{}
	for _, p := range model.Params() {
		if !p.IsInt() {
			s.params = append(s.params, p)
		}
	}
	return s
}

func (s *snapshot) take() {
	s.values = make([][]float32, len(s.params))
	for i, p := range s.params {
		s.values[i] = append([]float32(nil), p.Float32s()...)
	}
}

func (s *snapshot) restore() error {
	for i, v := range s.values {
		if err := s.params[i].Set(v); err != nil {
			return err
		}
	}
	return nil
}

// RestoreBest puts the parameters of the epoch with the lowest held-out loss into the model. Without held-out samples it
// changes nothing.
func (t *Trainer) RestoreBest() error { return t.best.restore() }
