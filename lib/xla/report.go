package xla

import (
	"fmt"
	"os"
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
		return "no NVIDIA driver is loaded: /proc/driver/nvidia and /dev/nvidiactl are missing; install the driver, or start the container with its GPUs (docker run --gpus all)"
	case has("no supported devices", "No visible GPU", "no CUDA-capable device", "CUDA_ERROR_NO_DEVICE"):
		return "the driver shows no GPU to this process; see nvidia-smi and CUDA_VISIBLE_DEVICES"
	case len(missing) > 0:
		return fmt.Sprintf("NVIDIA's libraries %s were not found beside the plugin (pip install \"jax[cuda13]\" brings them all)", strings.Join(missing, ", "))
	}
	return ""
}

// driverLoaded tells whether NVIDIA's kernel module is there.
func driverLoaded() bool {
	for _, path := range []string{"/proc/driver/nvidia/version", "/dev/nvidiactl"} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}
