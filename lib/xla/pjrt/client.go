package pjrt

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// Client is a plugin's connection to its devices. Its methods may be called from several goroutines.
type Client struct {
	Platform string // "cpu", "cuda"
	Version  string // of the platform, as the plugin words it
	Devices  []Device

	plugin *Plugin
	handle uintptr
}

// Device is one device of a client.
type Device struct {
	ID   int
	Kind string // such as "NVIDIA H100 80GB HBM3"

	client *Client
	handle uintptr
}

// NewClient connects to the plugin's devices. Memory is taken as it is needed, not in advance, where the plugin lets one
// choose.
func (p *Plugin) NewClient() (*Client, error) {
	handle, err := p.createClient(true)
	if err != nil && strings.Contains(err.Error(), "Unexpected option") {
		handle, err = p.createClient(false)
	}
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.Path, err)
	}
	c := &Client{plugin: p, handle: handle}
	if err := c.describe(); err != nil {
		return nil, fmt.Errorf("asking %s for its devices: %w", p.Path, err)
	}
	return c, nil
}

// Plugin is what the client belongs to.
func (c *Client) Plugin() *Plugin { return c.plugin }

const namedBool = 4 // PJRT_NamedValue_kBool

// createClient passes the option preallocate = false, or none.
func (p *Plugin) createClient(options bool) (uintptr, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	name := []byte("preallocate")
	option := &struct {
		header
		name, nameSize uintptr
		kind, _        int32
		value, count   uintptr
	}{header: header{size: 56}, name: address(&name[0]), nameSize: uintptr(len(name)), kind: namedBool, count: 1}
	pin.Pin(&name[0])
	pin.Pin(option)
	args := &struct {
		header
		options, count, get, getArg, put, putArg, client, tryGet, tryGetArg uintptr
		spare
	}{header: sized(9)}
	if options {
		args.options, args.count = address(option), 1
	}
	err := p.call(clientCreate, unsafe.Pointer(args))
	return args.client, err
}

func (c *Client) describe() error {
	var err error
	if c.Platform, err = c.name(clientPlatformName); err != nil {
		return err
	}
	if c.Version, err = c.name(clientPlatformVersion); err != nil {
		return err
	}
	args := &struct {
		header
		client, devices, count uintptr
		spare
	}{header: sized(3), client: c.handle}
	if err := c.plugin.call(clientAddressableDevices, unsafe.Pointer(args)); err != nil {
		return err
	}
	for i := range args.count {
		d := Device{client: c, handle: peek[uintptr](args.devices, pointerSize*i)}
		if err := d.describe(); err != nil {
			return err
		}
		c.Devices = append(c.Devices, d)
	}
	return nil
}

// name calls a function that gives a string of the client's.
func (c *Client) name(f function) (string, error) {
	args := &struct {
		header
		client, text, size uintptr
		spare
	}{header: sized(3), client: c.handle}
	err := c.plugin.call(f, unsafe.Pointer(args))
	return text(args.text, args.size), err
}

func (d *Device) describe() error {
	of := &struct {
		header
		device, description uintptr
		spare
	}{header: sized(2), device: d.handle}
	if err := d.client.plugin.call(deviceGetDescription, unsafe.Pointer(of)); err != nil {
		return err
	}
	id := &struct {
		header
		description uintptr
		id, _       int32
		spare
	}{header: sized(2), description: of.description}
	if err := d.client.plugin.call(descriptionID, unsafe.Pointer(id)); err != nil {
		return err
	}
	kind := &struct {
		header
		description, text, size uintptr
		spare
	}{header: sized(3), description: of.description}
	err := d.client.plugin.call(descriptionKind, unsafe.Pointer(kind))
	d.ID, d.Kind = int(id.id), text(kind.text, kind.size)
	return err
}

// Memory is what a device says of its memory, in bytes; 0 is not known.
type Memory struct{ InUse, Peak, Limit int64 }

// Memory asks the device. Not every device can tell.
func (d Device) Memory() (Memory, error) {
	type stat struct {
		value int64
		known bool
	}
	args := &struct {
		header
		device               uintptr
		inUse                int64
		peak, allocs, larges stat
		limit                stat
		_                    [6]stat
		spare
	}{header: sized(2 + 2*10), device: d.handle}
	if err := d.client.plugin.call(deviceMemoryStats, unsafe.Pointer(args)); err != nil {
		return Memory{}, err
	}
	m := Memory{InUse: args.inUse}
	if args.peak.known {
		m.Peak = args.peak.value
	}
	if args.limit.known {
		m.Limit = args.limit.value
	}
	return m, nil
}
