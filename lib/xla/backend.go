package xla

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/xla/hlo"
	"github.com/msflow-go/msflow/lib/xla/pjrt"
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

// pjrtBackend is a device behind a plugin.
type pjrtBackend struct{ device pjrt.Device }

func (b pjrtBackend) Compile(f *hlo.Func) (Program, error) {
	e, err := b.device.Compile(f.String(), len(f.Results))
	if err != nil {
		return nil, outOfMemory(err)
	}
	p := &pjrtProgram{executable: e}
	for i := range f.Args {
		if _, donated := f.Donated[i]; !donated {
			p.keep = append(p.keep, int64(i))
		}
	}
	p.donates = len(f.Donated) > 0
	return p, nil
}

func (b pjrtBackend) Upload(v any, dims ...int) (Buffer, error) {
	var out *pjrt.Buffer
	var err error
	switch v := v.(type) {
	case []float32:
		out, err = pjrt.Upload(b.device, v, dims...)
	case []float64:
		out, err = pjrt.Upload(b.device, v, dims...)
	case []int32:
		out, err = pjrt.Upload(b.device, v, dims...)
	case []uint8:
		out, err = pjrt.Upload(b.device, v, dims...)
	default:
		panic(fmt.Sprintf("xla: cannot upload %T", v))
	}
	if err != nil {
		return nil, outOfMemory(err)
	}
	return pjrtBuffer{out}, nil
}

func (b pjrtBackend) Memory() Memory {
	m, err := b.device.Memory()
	if err != nil {
		return Memory{} // not every plugin counts
	}
	return Memory(m)
}

type pjrtProgram struct {
	executable *pjrt.Executable
	keep       []int64 // arguments that are not donated
	donates    bool
}

func (p *pjrtProgram) Run(in []Buffer) ([]Buffer, error) {
	raw := make([]*pjrt.Buffer, len(in))
	for i, b := range in {
		raw[i] = b.(pjrtBuffer).Buffer
	}
	results, err := p.executable.Run(raw, p.keep)
	if err != nil {
		return nil, outOfMemory(err)
	}
	out := make([]Buffer, len(results))
	for i, r := range results {
		out[i] = pjrtBuffer{r}
	}
	if p.donates {
		p.freeDonated(raw)
	}
	return out, nil
}

// freeDonated drops the handles of consumed arguments; their memory is the results' now.
func (p *pjrtProgram) freeDonated(in []*pjrt.Buffer) {
	keep := p.keep
	for i, b := range in {
		if len(keep) > 0 && keep[0] == int64(i) {
			keep = keep[1:]
			continue
		}
		b.Free()
	}
}

func (p *pjrtProgram) Footprint() (total, temporary int64) {
	f, err := p.executable.Footprint()
	if err != nil {
		return 0, 0
	}
	return f.Total(), f.Temporary
}

type pjrtBuffer struct{ *pjrt.Buffer }

func (b pjrtBuffer) Download(v any) error {
	var err error
	switch v := v.(type) {
	case []float32:
		err = pjrt.Download(b.Buffer, v)
	case []float64:
		err = pjrt.Download(b.Buffer, v)
	case []int32:
		err = pjrt.Download(b.Buffer, v)
	case []uint8:
		err = pjrt.Download(b.Buffer, v)
	default:
		panic(fmt.Sprintf("xla: cannot download %T", v))
	}
	return outOfMemory(err)
}
