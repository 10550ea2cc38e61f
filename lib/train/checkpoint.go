package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/weights"
)

// A checkpoint is a safetensors file: the model's parameters under their own names, Adam's moments under adam.m.NAME and
// adam.v.NAME, the parameters of the best held-out epoch under best.NAME, and in the header's metadata the format, the
// caller's configuration, the training's state and the SHA-256 of it all.
const (
	formatKey   = "msflow.checkpoint"
	format      = "1"
	configKey   = "config"
	stateKey    = "state"
	adamKey     = "adam.steps"
	checksumKey = "sha256"
	firstMoment = "adam.m."
	secondMom   = "adam.v."
	bestPrefix  = "best."
)

// SaveTensors writes a file like Save's of a model that has no flow.
func SaveTensors(path string, tensors []weights.Tensor, config any) error {
	return write(path, tensors, config, nil)
}

// Save writes a checkpoint of model to path, in a temporary file that is renamed when it is complete. config is kept as
// JSON for whoever builds the model again. t adds what resuming needs; nil leaves it out. more are tensors that the model
// does not know of; RestoreTensors gives them back.
func Save(path string, model flow.Block, config any, t *Trainer, more ...weights.Tensor) error {
	return write(path, append(modelTensors(model), more...), config, t)
}

func write(path string, tensors []weights.Tensor, config any, t *Trainer) error {
	c, err := json.Marshal(config)
	if err != nil {
		return fmt.Errorf("writing %s: encoding its configuration: %w", path, err)
	}
	meta := map[string]string{formatKey: format, configKey: string(c)}
	if t != nil {
		if err := t.describe(meta); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		tensors = append(append(tensors, t.adam.tensors()...), t.best.tensors()...)
	}
	meta[checksumKey] = checksum(meta, tensors)
	return weights.WriteSafetensors(path, tensors, meta)
}

func (t *Trainer) describe(meta map[string]string) error {
	s, err := json.Marshal(t.State)
	if err != nil {
		return fmt.Errorf("encoding the training state: %w", err)
	}
	meta[stateKey] = string(s)
	meta[adamKey] = fmt.Sprint(t.adam.t)
	return nil
}

func modelTensors(model flow.Block) []weights.Tensor {
	var out []weights.Tensor
	for _, p := range model.Params() {
		x := weights.Tensor{Name: p.Name, Shape: slices.Clone([]int(p.Value.Shape()))}
		if p.IsInt() {
			x.DType, x.Ints = "I64", p.Value.Data().([]int64)
		} else {
			x.DType, x.Data = "F32", p.Float32s()
		}
		out = append(out, x)
	}
	return out
}

func (a *Adam) tensors() []weights.Tensor {
	var out []weights.Tensor
	for i, p := range a.params {
		shape := slices.Clone([]int(p.Value.Shape()))
		out = append(out,
			weights.Tensor{Name: firstMoment + p.Name, Shape: shape, DType: "F32", Data: a.m[i]},
			weights.Tensor{Name: secondMom + p.Name, Shape: shape, DType: "F32", Data: a.v[i]})
	}
	return out
}

func (s *snapshot) tensors() []weights.Tensor {
	var out []weights.Tensor
	for i, v := range s.values {
		p := s.params[i]
		out = append(out, weights.Tensor{Name: bestPrefix + p.Name, Shape: slices.Clone([]int(p.Value.Shape())), DType: "F32", Data: v})
	}
	return out
}

// Checkpoint is a checkpoint file that was read and whose checksum was right.
type Checkpoint struct {
	path string
	meta map[string]string
	dict *weights.StateDict
}

// Open reads a checkpoint. A file that is cut, altered or of another kind is an error that names it.
func Open(path string) (*Checkpoint, error) {
	f, err := weights.ReadSafetensors(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return checked(path, f)
}

// Parse is Open of a file's content; name is what errors call it.
func Parse(name string, content []byte) (*Checkpoint, error) {
	f, err := weights.ParseSafetensors(name, content)
	if err != nil {
		return nil, err
	}
	return checked(name, f)
}

// checked copies the tensors out of a file, once its checksum is right.
func checked(path string, f *weights.File) (*Checkpoint, error) {
	meta := f.Metadata()
	if meta[formatKey] != format {
		return nil, fmt.Errorf("reading %s: it is not an msflow checkpoint of format %s (its metadata says %q)", path, format, meta[formatKey])
	}
	dict, err := f.StateDict()
	if err != nil {
		return nil, err
	}
	var tensors []weights.Tensor
	for _, name := range dict.Names() {
		x, err := dict.Get(name)
		if err != nil {
			return nil, err
		}
		tensors = append(tensors, x)
	}
	if checksum(meta, tensors) != meta[checksumKey] {
		return nil, fmt.Errorf("reading %s: its contents do not have the checksum in its header; the file is damaged", path)
	}
	return &Checkpoint{path, meta, dict}, nil
}

// Path is the file's path.
func (c *Checkpoint) Path() string { return c.path }

// Sum is the SHA-256 of the contents, as the header has it: equal checkpoints have equal sums.
func (c *Checkpoint) Sum() string { return c.meta[checksumKey] }

// Config decodes the configuration that Save was given.
func (c *Checkpoint) Config(into any) error {
	if err := json.Unmarshal([]byte(c.meta[configKey]), into); err != nil {
		return fmt.Errorf("reading %s: its configuration: %w", c.path, err)
	}
	return nil
}

// State is where the training stood, and whether the checkpoint has what resuming needs.
func (c *Checkpoint) State() (State, bool, error) {
	text, ok := c.meta[stateKey]
	if !ok {
		return State{}, false, nil
	}
	var s State
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return State{}, false, fmt.Errorf("reading %s: its training state: %w", c.path, err)
	}
	return s, true, nil
}

// Restore copies the parameters into model. Every parameter must be there with its shape and nothing may be left over;
// nothing is changed when that is not so.
func (c *Checkpoint) Restore(model flow.Block) error {
	params := model.Params()
	for _, p := range params {
		if err := c.fits(p.Name, p); err != nil {
			return err
		}
	}
	for _, p := range params {
		if err := c.copyInto(p); err != nil {
			return err
		}
	}
	return nil
}

// RestoreTensors gives tensors by name to what is no flow.
func (c *Checkpoint) RestoreTensors(restore func(get func(name string) (weights.Tensor, error)) error) error {
	if err := restore(c.dict.Get); err != nil {
		return fmt.Errorf("reading %s: %w", c.path, err)
	}
	return nil
}

func (c *Checkpoint) fits(name string, p *flow.Param) error {
	x, err := c.dict.Get(name)
	if err != nil {
		return fmt.Errorf("%w; the checkpoint is of another model", err)
	}
	if !slices.Equal(x.Shape, []int(p.Value.Shape())) {
		return fmt.Errorf("reading %s: tensor %s has shape %v and the model wants %v", c.path, name, x.Shape, p.Value.Shape())
	}
	if (x.Ints != nil) != p.IsInt() {
		return fmt.Errorf("reading %s: tensor %s holds %s, not what the model wants", c.path, name, x.DType)
	}
	return nil
}

func (c *Checkpoint) copyInto(p *flow.Param) error {
	x, err := c.dict.Get(p.Name)
	if err != nil {
		return err
	}
	if p.IsInt() {
		copy(p.Value.Data().([]int64), x.Ints)
		return nil
	}
	return p.Set(x.Data)
}

// Resume puts a trainer where the checkpoint's training stood. The model must have been restored before the trainer was
// made.
func (c *Checkpoint) Resume(t *Trainer) error {
	s, ok, err := c.State()
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("resuming from %s: it holds the model alone, without the state of its training", c.path)
	}
	var steps int
	if _, err := fmt.Sscan(c.meta[adamKey], &steps); err != nil {
		return fmt.Errorf("resuming from %s: the number of optimiser steps: %w", c.path, err)
	}
	for _, p := range t.params {
		for _, prefix := range []string{firstMoment, secondMom} {
			if err := c.fits(prefix+p.Name, p); err != nil {
				return err
			}
		}
	}
	for i, p := range t.params {
		m, _ := c.dict.Get(firstMoment + p.Name)
		v, _ := c.dict.Get(secondMom + p.Name)
		copy(t.adam.m[i], m.Data)
		copy(t.adam.v[i], v.Data)
	}
	t.State, t.adam.t = s, steps
	return c.resumeBest(t.best)
}

func (c *Checkpoint) resumeBest(s *snapshot) error {
	if !c.dict.Has(bestPrefix + s.params[0].Name) {
		return nil
	}
	s.values = make([][]float32, len(s.params))
	for i, p := range s.params {
		if err := c.fits(bestPrefix+p.Name, p); err != nil {
			return err
		}
		x, _ := c.dict.Get(bestPrefix + p.Name)
		s.values[i] = slices.Clone(x.Data)
	}
	return nil
}

// checksum is the SHA-256 of the metadata (but the checksum itself) and of all tensors' names and values, in order of name.
func checksum(meta map[string]string, tensors []weights.Tensor) string {
	h := sha256.New()
	for _, key := range []string{formatKey, configKey, stateKey, adamKey} {
		fmt.Fprintf(h, "%s=%q\n", key, meta[key])
	}
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b weights.Tensor) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	for _, x := range tensors {
		fmt.Fprintf(h, "%s%v\n", x.Name, x.Shape)
		hashValues(h, x)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashValues(h hash.Hash, x weights.Tensor) {
	buf := make([]byte, 0, 1<<16)
	flush := func() {
		h.Write(buf)
		buf = buf[:0]
	}
	for _, v := range x.Data {
		if buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v)); len(buf) > 1<<16-8 {
			flush()
		}
	}
	for _, v := range x.Ints {
		if buf = binary.LittleEndian.AppendUint64(buf, uint64(v)); len(buf) > 1<<16-8 {
			flush()
		}
	}
	flush()
}
