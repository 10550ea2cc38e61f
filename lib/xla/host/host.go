// Package host is the work of msflow-device: it opens one PJRT plugin and does with its devices what the program on the
// other side of two pipes asks for. A plugin needs the system's C library, which the program itself can so do without; and a
// plugin that aborts ends this process alone.
package host

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/msflow-go/msflow/lib/xla/pjrt"
	"github.com/msflow-go/msflow/lib/xla/remote/wire"
)

// Serve answers calls until the program has ended or closes its pipe.
func Serve(requests io.Reader, replies io.WriteCloser, uploads, downloads *os.File) error {
	server := rpc.NewServer()
	p := &plugin{uploads: wire.Shared{File: uploads}, downloads: wire.Shared{File: downloads}}
	if err := server.RegisterName(wire.Service, &calls{p}); err != nil {
		return err
	}
	server.ServeConn(struct {
		io.Reader
		io.WriteCloser
	}{requests, replies})
	return nil
}

// plugin is the plugin that was opened, and what the program has on its devices, by number.
type plugin struct {
	devices            []pjrt.Device
	uploads, downloads wire.Shared
	programs, buffers  numbered

	// The plugin for the processor crashes when several threads give arrays back at once, so one at a time starts programs
	// and frees what they leave.
	turn sync.Mutex
}

// calls has a method for each message, as net/rpc wants them. Errors go into the reply, where their code survives.
type calls struct{ *plugin }

// numbered are things by numbers that are never used again.
type numbered struct {
	sync.Map
	last atomic.Uint64
}

func (n *numbered) add(v any) uint64 {
	id := n.last.Add(1)
	n.Store(id, v)
	return id
}

func (p *plugin) device(place int) (pjrt.Device, error) {
	if place < 0 || place >= len(p.devices) {
		return pjrt.Device{}, fmt.Errorf("there is no device %d of %d", place, len(p.devices))
	}
	return p.devices[place], nil
}

func program(p *plugin, id uint64) (*pjrt.Executable, error) {
	if v, ok := p.programs.Load(id); ok {
		return v.(*pjrt.Executable), nil
	}
	return nil, fmt.Errorf("there is no program %d", id)
}

func buffer(p *plugin, id uint64) (*pjrt.Buffer, error) {
	if v, ok := p.buffers.Load(id); ok {
		return v.(*pjrt.Buffer), nil
	}
	return nil, fmt.Errorf("array %d was given back or consumed", id)
}

// answer puts an error into a reply.
func answer(to *wire.Reply, err error) error {
	if err != nil {
		to.Failed = &wire.Failure{Message: err.Error()}
		var e *pjrt.Error
		if errors.As(err, &e) {
			to.Failed.Code = int(e.Code)
		}
	}
	return nil
}

// Open opens the plugin, once in the life of this process.
func (c *calls) Open(in wire.Open, out *wire.Opened) error {
	return answer(&out.Reply, c.open(in, out))
}

func (p *plugin) open(in wire.Open, out *wire.Opened) error {
	if in.Version != wire.Version {
		return fmt.Errorf("msflow-device is of another version than the program; build both from one source")
	}
	for _, library := range in.Needs {
		if !slices.ContainsFunc(library.Files, func(file string) bool { return pjrt.Preload(file) == nil }) {
			out.Missing = append(out.Missing, library.Name)
		}
	}
	opened, err := pjrt.Open(in.Path)
	if err != nil {
		return err
	}
	client, err := opened.NewClient()
	if err != nil {
		return err
	}
	p.devices, out.Minor, out.Platform, out.Version = client.Devices, opened.Minor, client.Platform, client.Version
	for _, d := range client.Devices {
		out.Devices = append(out.Devices, wire.Device{ID: d.ID, Kind: d.Kind})
	}
	return nil
}

// Compile compiles a program.
func (c *calls) Compile(in wire.Compile, out *wire.Named) error {
	var devices []pjrt.Device
	for _, i := range in.Devices {
		d, err := c.device(i)
		if err != nil {
			return answer(&out.Reply, err)
		}
		devices = append(devices, d)
	}
	e, err := pjrt.Compile(devices, in.Text, in.Results)
	if err == nil {
		out.ID = c.programs.add(e)
	}
	return answer(&out.Reply, err)
}

// Footprint tells what a program needs.
func (c *calls) Footprint(id uint64, out *wire.Footprint) error {
	e, err := program(c.plugin, id)
	if err != nil {
		return answer(&out.Reply, err)
	}
	f, err := e.Footprint()
	out.Total, out.Temporary = f.Total(), f.Temporary
	return answer(&out.Reply, err)
}

// Memory tells of a device's memory.
func (c *calls) Memory(device int, out *wire.Memory) error {
	d, err := c.device(device)
	if err != nil {
		return answer(&out.Reply, err)
	}
	m, err := d.Memory()
	out.InUse, out.Peak, out.Limit = m.InUse, m.Peak, m.Limit
	return answer(&out.Reply, err)
}

// Upload copies an array from the shared memory to a device.
func (c *calls) Upload(in wire.Transfer, out *wire.Named) error {
	d, err := c.device(in.Device)
	if err != nil {
		return answer(&out.Reply, err)
	}
	data, err := c.uploads.Map(in.Size)
	if err != nil {
		return answer(&out.Reply, err)
	}
	b, err := upload(d, data, in)
	if err == nil {
		out.ID = c.buffers.add(b)
	}
	return answer(&out.Reply, err)
}

func upload(d pjrt.Device, data []byte, t wire.Transfer) (*pjrt.Buffer, error) {
	n := 1
	for _, dim := range t.Dims {
		n *= dim
	}
	switch t.Element {
	case wire.Float32:
		return pjrt.Upload(d, wire.Slice[float32](data, n), t.Dims...)
	case wire.Float64:
		return pjrt.Upload(d, wire.Slice[float64](data, n), t.Dims...)
	case wire.Int32:
		return pjrt.Upload(d, wire.Slice[int32](data, n), t.Dims...)
	}
	return pjrt.Upload(d, wire.Slice[uint8](data, n), t.Dims...)
}

// Download waits for an array and copies it to the shared memory.
func (c *calls) Download(in wire.Transfer, out *wire.Reply) error {
	b, err := buffer(c.plugin, in.Buffer)
	if err != nil {
		return answer(out, err)
	}
	data, err := c.downloads.Map(in.Size)
	if err != nil {
		return answer(out, err)
	}
	return answer(out, download(b, data, in))
}

func download(b *pjrt.Buffer, data []byte, t wire.Transfer) error {
	n := t.Dims[0]
	switch t.Element {
	case wire.Float32:
		return pjrt.Download(b, wire.Slice[float32](data, n))
	case wire.Float64:
		return pjrt.Download(b, wire.Slice[float64](data, n))
	case wire.Int32:
		return pjrt.Download(b, wire.Slice[int32](data, n))
	}
	return pjrt.Download(b, wire.Slice[uint8](data, n))
}

// Run starts a program; its results may still be under way when it answers.
func (c *calls) Run(in wire.Run, out *wire.Ran) error { return answer(&out.Reply, c.run(in, out)) }

func (p *plugin) run(in wire.Run, out *wire.Ran) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	e, err := program(p, in.Program)
	if err != nil {
		return err
	}
	lists := make([][]*pjrt.Buffer, len(in.In))
	for k, ids := range in.In {
		for _, id := range ids {
			b, err := buffer(p, id)
			if err != nil {
				return err
			}
			lists[k] = append(lists[k], b)
		}
	}
	results, err := e.Run(lists, in.Keep)
	if err != nil {
		return err
	}
	for _, list := range results {
		var ids []uint64
		for _, b := range list {
			ids = append(ids, p.buffers.add(b))
		}
		out.Out = append(out.Out, ids)
	}
	if in.Donates {
		p.freeConsumed(in)
	}
	return nil
}

// freeConsumed drops the handles of consumed arguments; their memory is the results' now.
func (p *plugin) freeConsumed(in wire.Run) {
	for _, ids := range in.In {
		for i, id := range ids {
			if !slices.Contains(in.Keep, int64(i)) {
				p.free(id)
			}
		}
	}
}

// Free gives an array's memory back. One that is not there any more is free already.
func (c *calls) Free(ids []uint64, _ *wire.Reply) error {
	c.turn.Lock()
	defer c.turn.Unlock()
	for _, id := range ids {
		c.free(id)
	}
	return nil
}

func (p *plugin) free(id uint64) {
	if v, ok := p.buffers.LoadAndDelete(id); ok {
		v.(*pjrt.Buffer).Free()
	}
}
