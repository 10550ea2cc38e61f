package xla

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// PluginReport is what is to be told of a plugin that was found.
type PluginReport struct {
	Path    string
	From    string
	Devices []*Device
	Missing []string // of NVIDIA's libraries
	Err     error    // why it cannot be used, in the plugin's words
	Advice  string   // what to do about Err, "" if nothing is known
}

// Report opens every plugin of this machine and tells what they have.
func Report() []PluginReport {
	var out []PluginReport
	for _, p := range FindPlugins() {
		o := openPlugin(p)
		out = append(out, PluginReport{p.Path, p.From, o.devices, o.missing, o.err, advise(p, o.err, o.missing)})
	}
	return out
}

// advise turns the commonest failures into what a user can do.
func advise(p Plugin, err error, missing []string) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	switch {
	case os.IsNotExist(err) || has("no such file"):
		return "the file is not there; correct " + p.From
	case has("driver version is insufficient", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "forward compatibility"):
		return "NVIDIA's driver is older than this plugin's CUDA; update the driver or install the plugin of an older CUDA (pip install \"jax[cuda12]\")"
	case p.CUDA() && !driverLoaded():
		return "install NVIDIA's driver, or start the container with its GPUs (docker run --gpus all)"
	case has("no supported devices", "No visible GPU", "no CUDA-capable device", "CUDA_ERROR_NO_DEVICE"):
		return "the driver shows no GPU to this process; see nvidia-smi and CUDA_VISIBLE_DEVICES"
	case len(missing) > 0:
		return fmt.Sprintf("NVIDIA's libraries %s were not found beside the plugin (pip install \"jax[cuda13]\" brings them all)", strings.Join(missing, ", "))
	}
	return ""
}

// errNoDriver says that a CUDA plugin is of no use. Opened all the same, it would write pages to stderr.
var errNoDriver = errors.New("no NVIDIA driver is loaded (there is no /proc/driver/nvidia and no /dev/nvidia*)")

// driverLoaded tells whether NVIDIA's kernel module is there, on a Jetson or below Windows too.
func driverLoaded() bool {
	for _, pattern := range []string{"/proc/driver/nvidia/version", "/dev/nvidia*", "/dev/nvhost*", "/dev/dxg"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return true
		}
	}
	return false
}
