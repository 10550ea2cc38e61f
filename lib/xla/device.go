package xla

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/msflow-go/msflow/lib/xla/hlo"
	"github.com/msflow-go/msflow/lib/xla/remote"
	"github.com/msflow-go/msflow/lib/xla/remote/wire"
)

// Device is an accelerator that is ready to use, or several that share every program: each has all parameters and computes its part of
// the batch, and XLA's partitioner puts what joins them in between. One process opens each device once. Its methods may be called from several
// goroutines.
type Device struct {
	Platform string // "cuda", "cpu"
	Kind     string // such as "NVIDIA H100 80GB HBM3"
	ID       int
	Plugin   string // path of the plugin; "" for a backend of one's own
	Version  string // of the API and the platform
	Count    int    // devices; 0 is one

	backend Backend
	mu      sync.Mutex
	cache   map[[sha256.Size]byte]Program
}

// NewDevice is a device on a backend of one's own.
func NewDevice(platform, kind string, b Backend) *Device {
	return &Device{Platform: platform, Kind: kind, backend: b, cache: map[[sha256.Size]byte]Program{}}
}

// String names the device for people.
func (d *Device) String() string {
	if d.Count > 1 {
		return fmt.Sprintf("%d devices from %s:%d (%s)", d.Count, d.Platform, d.ID, d.Kind)
	}
	return fmt.Sprintf("%s:%d (%s)", d.Platform, d.ID, d.Kind)
}

// Even is the smallest batch of at least n samples that can be divided among the devices.
func (d *Device) Even(n int) int {
	count := max(1, d.Count)
	return (n + count - 1) / count * count
}

// uploadBatch copies a batch to the device, or to each of several its part.
func (d *Device) uploadBatch(v any, dims ...int) (Buffer, error) {
	if b, ok := d.backend.(divider); ok {
		return b.UploadBatch(v, dims...)
	}
	return d.backend.Upload(v, dims...)
}

// Memory is the device's memory, of several that of the first; zeros are not known.
func (d *Device) Memory() Memory { return d.backend.Memory() }

// Backend is what runs the device's programs.
func (d *Device) Backend() Backend { return d.backend }

// compile compiles a program once per process. When ctx is cancelled it returns with ctx's error; the compilation ends in
// the background and is kept.
func (d *Device) compile(ctx context.Context, f *hlo.Func) (Program, error) {
	f.Partitions = d.Count
	key := sha256.Sum256([]byte(f.String()))
	d.mu.Lock()
	p := d.cache[key]
	d.mu.Unlock()
	if p != nil {
		return p, nil
	}
	type result struct {
		p   Program
		err error
	}
	done := make(chan result, 1)
	go func() {
		p, err := d.backend.Compile(f)
		if err == nil {
			d.mu.Lock()
			d.cache[key] = p
			d.mu.Unlock()
		}
		done <- result{p, err}
	}()
	select {
	case r := <-done:
		return r.p, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Names of devices that Open knows.
const (
	CPU  = "cpu"  // Gorgonia on the processor, without XLA
	CUDA = "cuda" // an NVIDIA GPU
	Auto = "auto" // a GPU if there is one, else the processor
	XLA  = "xla"  // whatever device the plugin of MSFLOW_PJRT_PLUGIN has
)

// ErrNoDevice marks that no device of the kind asked for was found. The error around it says what was looked for.
var ErrNoDevice = errors.New("no such device")

// Open finds a device by name: "cuda" for the first NVIDIA GPU, or "xla" for the device of the plugin that
// MSFLOW_PJRT_PLUGIN names. "cpu" and "" give nil: the processor needs no device. "auto" gives a GPU or nil, and then a
// line that says why not.
func Open(name string) (d *Device, note string, err error) { return OpenSeveral(name, 1) }

// OpenSeveral is Open for n devices of one plugin that share every program.
func OpenSeveral(name string, n int) (d *Device, note string, err error) {
	if n < 1 {
		return nil, "", fmt.Errorf("xla: %d devices; there must be at least one", n)
	}
	switch name {
	case "", CPU:
		if n > 1 {
			return nil, "", fmt.Errorf("xla: %d devices cpu; the processor is one device, whose threads are all used", n)
		}
		return nil, "", nil
	case CUDA:
		d, err = openFirst(Plugin.CUDA, n)
	case XLA:
		d, err = openFirst(func(p Plugin) bool { return p.chosen }, n)
	case Auto:
		if d, err = openFirst(Plugin.CUDA, n); err != nil {
			return nil, fmt.Sprintf("computing on the processor: %v", err), nil
		}
	default:
		err = fmt.Errorf("xla: device %q; it is cpu, cuda, auto, or xla for the plugin of %s", name, PluginVariable)
	}
	return d, "", err
}

// openFirst opens the first n devices of the first plugin that fits and has as many.
func openFirst(fits func(Plugin) bool, n int) (*Device, error) {
	var errs []error
	for _, p := range FindPlugins() {
		if !fits(p) {
			continue
		}
		found, err := opened(p)
		if err == nil && len(found) >= n {
			return shared(found[:n]), nil
		}
		if err == nil {
			err = fmt.Errorf("%s has %d devices, not %d", p.Path, len(found), n)
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return nil, fmt.Errorf("xla: %w: no plugin was found; install one (pip install \"jax[cuda13]\") or set %s to the path of xla_cuda_plugin.so; msflow doctor shows where was looked", ErrNoDevice, PluginVariable)
	}
	return nil, fmt.Errorf("xla: %w: %w", ErrNoDevice, errors.Join(errs...))
}

// shared joins devices of one plugin to one, which is made once.
func shared(devices []*Device) *Device {
	first, n := devices[0], len(devices)
	if n == 1 {
		return first
	}
	clients.Lock()
	defer clients.Unlock()
	group := clients.opened[first.Plugin].groups
	if group[n] == nil {
		var all pjrtBackend
		for _, d := range devices {
			all = append(all, d.backend.(pjrtBackend)...)
		}
		group[n] = NewDevice(first.Platform, first.Kind, all)
		group[n].ID, group[n].Plugin, group[n].Version, group[n].Count = first.ID, first.Plugin, first.Version, n
	}
	return group[n]
}

// clients are the plugins that were opened for this process, by path. One whose own process has ended is opened again.
var clients = struct {
	sync.Mutex
	opened map[string]*openedPlugin
}{opened: map[string]*openedPlugin{}}

type openedPlugin struct {
	client  *remote.Client
	devices []*Device
	groups  map[int]*Device // several devices as one, by their number
	missing []string        // NVIDIA's libraries that were not found
	err     error
}

// opened opens a plugin's devices, or gives those that were opened before.
func opened(p Plugin) ([]*Device, error) {
	o := openPlugin(p)
	return o.devices, o.err
}

func openPlugin(p Plugin) *openedPlugin {
	clients.Lock()
	defer clients.Unlock()
	if o := clients.opened[p.Path]; o != nil && (o.client == nil || !o.client.Lost()) {
		return o
	}
	o := &openedPlugin{groups: map[int]*Device{}}
	o.open(p)
	clients.opened[p.Path] = o
	return o
}

func (o *openedPlugin) open(p Plugin) {
	if p.CUDA() && !p.chosen && !driverLoaded() {
		o.err = fmt.Errorf("%s was not opened: %w", p.Path, errNoDriver)
		return
	}
	var needs []wire.Library
	var env []string
	if p.CUDA() {
		needs, env = cudaNeeds(p)
	}
	client, err := remote.Open(p.Path, needs, env)
	if err != nil {
		o.err = err
		return
	}
	o.client, o.missing = client, client.Missing
	for _, d := range client.Devices {
		device := NewDevice(client.Platform, d.Kind, pjrtBackend{d})
		device.ID, device.Plugin = d.ID, p.Path
		device.Version = fmt.Sprintf("PJRT 0.%d, %s", client.Minor, client.Version)
		o.devices = append(o.devices, device)
	}
}
