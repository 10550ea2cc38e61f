package xla

import (
	"reflect"

	"github.com/msflow-go/msflow/lib/xla/hlo"
	"github.com/msflow-go/msflow/lib/xla/remote"
)

// Backend runs programs. A [Device] has one: a PJRT plugin's, or in tests the interpreter's.
type Backend interface {
	// Compile prepares a program. An error that ErrOutOfMemory matches says that the device is too small for it.
	Compile(f *hlo.Func) (Program, error)
	// Upload copies a row-major array to the device: []float32, []float64, []int32 or []uint8. The caller may change it
	// afterwards.
	Upload(v any, dims ...int) (Buffer, error)
	// Memory is the device's memory; zeros are not known.
	Memory() Memory
}

// Program is a compiled program.
type Program interface {
	// Run starts the program. Arguments that the program donates are consumed: their buffers MUST NOT be used again. The
	// results may still be under way.
	Run(in []Buffer) ([]Buffer, error)
	// Footprint is the memory that a run takes in bytes, arguments included, and how much of it is temporary; zeros are
	// not known.
	Footprint() (total, temporary int64)
}

// Buffer is an array in a device's memory.
type Buffer interface {
	// Download waits for the value and copies it to a slice of its element type and size.
	Download(v any) error
	// Free gives the memory back. It may be called again.
	Free()
}

// Memory is a device's memory in bytes; 0 is not known.
type Memory struct{ InUse, Peak, Limit int64 }

// divider is a backend of several devices.
type divider interface {
	// UploadBatch is Upload, which copies to all devices, but for what a program takes as a batch: it is divided along its first axis where
	// that can be divided evenly.
	UploadBatch(v any, dims ...int) (Buffer, error)
}

// pjrtBackend is a device behind a plugin, or several that share every program.
type pjrtBackend []remote.Device

func (b pjrtBackend) Compile(f *hlo.Func) (Program, error) {
	e, err := remote.Compile(b, f.String(), len(f.Results))
	if err != nil {
		return nil, outOfMemory(err)
	}
	p := &pjrtProgram{executable: e, devices: len(b)}
	for i := range f.Args {
		if _, donated := f.Donated[i]; !donated {
			p.keep = append(p.keep, int64(i))
		}
	}
	for i, r := range f.Results {
		p.divided = append(p.divided, f.BatchResults[i] && r.Divided(len(b)))
	}
	p.donates = len(f.Donated) > 0
	return p, nil
}

func (b pjrtBackend) Upload(v any, dims ...int) (Buffer, error) {
	var out pjrtBuffer
	for _, d := range b {
		part, err := remote.Upload(d, v, dims...)
		if err != nil {
			out.Free()
			return nil, outOfMemory(err)
		}
		out.parts = append(out.parts, part)
	}
	return out, nil
}

func (b pjrtBackend) UploadBatch(v any, dims ...int) (Buffer, error) {
	if !(hlo.Type{Dims: dims}).Divided(len(b)) {
		return b.Upload(v, dims...)
	}
	out, part := pjrtBuffer{divided: true}, append([]int{dims[0] / len(b)}, dims[1:]...)
	for i, d := range b {
		one, err := remote.Upload(d, share(v, i, len(b)), part...)
		if err != nil {
			out.Free()
			return nil, outOfMemory(err)
		}
		out.parts = append(out.parts, one)
	}
	return out, nil
}

// share is the i-th of n equal parts of a slice.
func share(v any, i, n int) any {
	s := reflect.ValueOf(v)
	return s.Slice(s.Len()*i/n, s.Len()*(i+1)/n).Interface()
}

func (b pjrtBackend) Memory() Memory {
	inUse, peak, limit, err := b[0].Memory()
	if err != nil {
		return Memory{} // not every plugin counts
	}
	return Memory{inUse, peak, limit}
}

type pjrtProgram struct {
	executable *remote.Executable
	devices    int
	keep       []int64 // arguments that are not donated
	donates    bool
	divided    []bool // results of which each device has a part
}

func (p *pjrtProgram) Run(in []Buffer) ([]Buffer, error) {
	raw := make([][]*remote.Buffer, p.devices)
	for _, b := range in {
		for k, part := range b.(pjrtBuffer).parts {
			raw[k] = append(raw[k], part)
		}
	}
	results, err := p.executable.Run(raw, p.keep, p.donates)
	if err != nil {
		return nil, outOfMemory(err)
	}
	out := make([]Buffer, len(results[0]))
	for i := range out {
		r := pjrtBuffer{divided: p.divided[i]}
		for k := range results {
			r.parts = append(r.parts, results[k][i])
		}
		out[i] = r
	}
	return out, nil
}

func (p *pjrtProgram) Footprint() (total, temporary int64) {
	total, temporary, err := p.executable.Footprint()
	if err != nil {
		return 0, 0
	}
	return total, temporary
}

// pjrtBuffer is an array on each device: whole, or its part of one that is divided.
type pjrtBuffer struct {
	parts   []*remote.Buffer
	divided bool
}

func (b pjrtBuffer) Free() {
	for _, p := range b.parts {
		p.Free()
	}
}

func (b pjrtBuffer) Download(v any) error {
	if !b.divided {
		return outOfMemory(remote.Download(b.parts[0], v))
	}
	for i, p := range b.parts {
		if err := remote.Download(p, share(v, i, len(b.parts))); err != nil {
			return outOfMemory(err)
		}
	}
	return nil
}
