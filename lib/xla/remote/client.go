// Package remote opens PJRT plugins in a process of their own, msflow-device, so that the program needs no C library and
// survives a plugin that aborts. Calls go by net/rpc over two pipes, arrays through memory that both processes have mapped.
package remote

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"sync/atomic"

	"github.com/msflow-go/msflow/lib/xla/remote/wire"
)

// HelperVariable is the environment's path of msflow-device, before all other places.
const HelperVariable = "MSFLOW_DEVICE_HELPER"

// Client is a plugin that was opened in a process of its own, which ends with this one. Its methods, and those of what belongs to it,
// may be called from several goroutines.
type Client struct {
	Minor             int      // of the API's version, 0.Minor
	Platform, Version string   // "cpu", "cuda"; of the platform, as the plugin words it
	Missing           []string // libraries that the plugin needs and that could not be opened
	Devices           []Device

	rpc                *rpc.Client
	uploads, downloads wire.Shared
	process            *os.Process
	ended              chan struct{} // closed when the process has ended
	lost               atomic.Bool
}

// Device is one device of a client.
type Device struct {
	wire.Device
	client *Client
	place  int
}

// Error is an error that the plugin reports, with its code.
type Error wire.Failure

func (e *Error) Error() string { return e.Message }

// resourceExhausted is PJRT's code for a lack of memory.
const resourceExhausted = 8

// IsOutOfMemory tells whether a device had too little memory.
func IsOutOfMemory(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == resourceExhausted
}

// ErrLost marks that msflow-device ended before its work was done. What the plugin had to say is on standard error.
var ErrLost = errors.New("msflow-device, the process that has the device, ended unexpectedly")

// Open starts msflow-device and has it open the plugin at path, after the libraries that it needs; env is added to its environment.
func Open(path string, needs []wire.Library, env []string) (*Client, error) {
	c := &Client{}
	if err := c.start(env); err != nil {
		return nil, fmt.Errorf("opening the PJRT plugin %s: %w", path, err)
	}
	var opened wire.Opened
	if err := c.call("Open", wire.Open{Version: wire.Version, Path: path, Needs: needs}, &opened, &opened.Reply); err != nil {
		c.rpc.Close()
		return nil, err
	}
	c.Minor, c.Platform, c.Version, c.Missing = opened.Minor, opened.Platform, opened.Version, opened.Missing
	for i, d := range opened.Devices {
		c.Devices = append(c.Devices, Device{d, c, i})
	}
	return c, nil
}

// Lost tells whether the process has ended.
func (c *Client) Lost() bool { return c.lost.Load() }

// Close ends the process.
func (c *Client) Close() error { return c.rpc.Close() }

// call waits for an answer.
func (c *Client) call(method string, in, out any, reply *wire.Reply) error {
	err := c.rpc.Call(wire.Service+"."+method, in, out)
	if errors.Is(err, rpc.ErrShutdown) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		c.lost.Store(true)
		return ErrLost
	}
	if err == nil && reply.Failed != nil {
		err = (*Error)(reply.Failed)
	}
	return err
}

// Memory asks for a device's memory in bytes; 0 is not known, and not every device can tell.
func (d Device) Memory() (inUse, peak, limit int64, err error) {
	var m wire.Memory
	err = d.client.call("Memory", d.place, &m, &m.Reply)
	return m.InUse, m.Peak, m.Limit, err
}

// Buffer is an array in a device's memory.
type Buffer struct {
	client *Client
	id     uint64
}

// Upload copies v, a row-major slice of float32, float64, int32 or uint8, to the device. v may be changed afterwards.
func Upload(d Device, v any, dims ...int) (*Buffer, error) {
	element, data := wire.Bytes(v)
	c := d.client
	c.uploads.Lock()
	defer c.uploads.Unlock()
	memory, err := c.uploads.Grow(len(data))
	if err != nil {
		return nil, err
	}
	copy(memory, data)
	var out wire.Named
	err = c.call("Upload", wire.Transfer{Device: d.place, Element: element, Dims: dims, Size: len(memory)}, &out, &out.Reply)
	return &Buffer{c, out.ID}, err
}

// Download waits until the buffer has its value and copies it to v, which must have its number of elements and their type.
func Download(b *Buffer, v any) error {
	element, data := wire.Bytes(v)
	c := b.client
	c.downloads.Lock()
	defer c.downloads.Unlock()
	memory, err := c.downloads.Grow(len(data))
	if err != nil {
		return err
	}
	count := len(data) / element.Size()
	var out wire.Reply
	if err := c.call("Download", wire.Transfer{Buffer: b.id, Element: element, Dims: []int{count}, Size: len(memory)}, &out, &out); err != nil {
		return err
	}
	copy(data, memory)
	return nil
}

// Free gives the buffer's memory back, without waiting for it. A freed buffer may be freed again.
func (b *Buffer) Free() {
	if b != nil {
		b.client.rpc.Go(wire.Service+".Free", []uint64{b.id}, new(wire.Reply), make(chan *rpc.Call, 1))
	}
}

// Executable is a program that was compiled for one device, or for several that share it.
type Executable struct {
	client *Client
	id     uint64
}

// Compile compiles StableHLO text with the given number of results for devices of one client. It may take minutes.
func Compile(devices []Device, mlir string, results int) (*Executable, error) {
	c := devices[0].client
	in := wire.Compile{Text: mlir, Results: results}
	for _, d := range devices {
		in.Devices = append(in.Devices, d.place)
	}
	var out wire.Named
	err := c.call("Compile", in, &out, &out.Reply)
	return &Executable{c, out.ID}, err
}

// Footprint asks for the memory in bytes that must be free for a run, arguments included. Not every plugin can tell.
func (e *Executable) Footprint() (total, temporary int64, err error) {
	var f wire.Footprint
	err = e.client.call("Footprint", e.id, &f, &f.Reply)
	return f.Total, f.Temporary, err
}

// Run starts the program on its arguments, a list for each device, and returns its results, likewise, without waiting for
// them. Where it donates, arguments whose places are not in keep are consumed and must not be used again.
func (e *Executable) Run(in [][]*Buffer, keep []int64, donates bool) ([][]*Buffer, error) {
	run := wire.Run{Program: e.id, Keep: keep, Donates: donates}
	for _, list := range in {
		ids := make([]uint64, len(list))
		for i, b := range list {
			ids[i] = b.id
		}
		run.In = append(run.In, ids)
	}
	var out wire.Ran
	if err := e.client.call("Run", run, &out, &out.Reply); err != nil {
		return nil, err
	}
	results := make([][]*Buffer, len(out.Out))
	for k, ids := range out.Out {
		for _, id := range ids {
			results[k] = append(results[k], &Buffer{e.client, id})
		}
	}
	return results, nil
}
