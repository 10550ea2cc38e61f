package xla

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Environment variables that name plugins.
const (
	// PluginVariable is the path of the plugin to use, before all others.
	PluginVariable = "MSFLOW_PJRT_PLUGIN"
	// LibraryVariable lists plugins or folders that hold some, separated by colons.
	LibraryVariable = "PJRT_PLUGIN_LIBRARY_PATH"
)

// Plugin is a plugin's file that was found and not yet opened.
type Plugin struct {
	Path   string
	From   string // what led to it: a variable, or the Python installation
	site   string // the site-packages folder that it lies in, "" if none
	chosen bool   // by MSFLOW_PJRT_PLUGIN
}

// CUDA tells whether the plugin is for NVIDIA GPUs, by its name.
func (p Plugin) CUDA() bool {
	name := strings.ToLower(p.Path)
	return strings.Contains(name, "cuda") || strings.Contains(name, "gpu")
}

// pluginPatterns are where Python packages put plugins, below site-packages.
var pluginPatterns = []string{
	"jax_plugins/xla_cuda*/xla_cuda_plugin.so",
	"jax_plugins/*/pjrt_c_api_gpu_plugin.so",
	"xla_plugins/*/*.so",
	"*/pjrt_c_api_cpu_plugin.so",
}

// FindPlugins lists the plugins of this machine, the one to prefer first: that of MSFLOW_PJRT_PLUGIN, those of
// PJRT_PLUGIN_LIBRARY_PATH, then those of the Python installations that the environment and the PATH lead to.
func FindPlugins() []Plugin {
	var found []Plugin
	if path := os.Getenv(PluginVariable); path != "" {
		found = append(found, Plugin{Path: path, From: PluginVariable, site: siteOf(path), chosen: true})
	}
	for _, path := range filepath.SplitList(os.Getenv(LibraryVariable)) {
		for _, file := range pluginsIn(path) {
			found = append(found, Plugin{Path: file, From: LibraryVariable, site: siteOf(file)})
		}
	}
	for _, site := range sites() {
		for _, pattern := range pluginPatterns {
			files, _ := filepath.Glob(filepath.Join(site, pattern))
			slices.Sort(files)
			slices.Reverse(files) // the newer CUDA first
			for _, file := range files {
				found = append(found, Plugin{Path: file, From: "Python packages in " + site, site: site})
			}
		}
	}
	return firstOfEach(found)
}

// pluginsIn is the file itself, or the shared libraries of a folder.
func pluginsIn(path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}
	}
	files, _ := filepath.Glob(filepath.Join(path, "*pjrt*.so"))
	more, _ := filepath.Glob(filepath.Join(path, "xla_*plugin.so"))
	return append(files, more...)
}

func firstOfEach(found []Plugin) []Plugin {
	var out []Plugin
	for _, p := range found {
		if !slices.ContainsFunc(out, func(o Plugin) bool { return o.Path == p.Path }) {
			out = append(out, p)
		}
	}
	return out
}

// siteOf is the site-packages folder that a file lies in.
func siteOf(path string) string {
	for dir := filepath.Dir(path); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if base := filepath.Base(dir); base == "site-packages" || base == "dist-packages" {
			return dir
		}
		if base := filepath.Base(dir); base == "jax_plugins" || base == "xla_plugins" { // a folder of packages of one's own
			return filepath.Dir(dir)
		}
	}
	return ""
}

// sites are the folders of Python packages: PYTHONPATH, the active environment, that of the python3 on the PATH, the user's
// and the system's.
func sites() []string {
	out := filepath.SplitList(os.Getenv("PYTHONPATH"))
	var roots []string
	for _, v := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if root := os.Getenv(v); root != "" {
			roots = append(roots, root)
		}
	}
	if python, err := exec.LookPath("python3"); err == nil {
		roots = append(roots, filepath.Dir(filepath.Dir(python)))
	}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, filepath.Join(home, ".local"))
	}
	roots = append(roots, "/usr/local", "/usr")
	for _, root := range roots {
		for _, pattern := range []string{"lib/python3*/site-packages", "lib/python3*/dist-packages", "lib64/python3*/site-packages", "lib/python3/dist-packages"} {
			dirs, _ := filepath.Glob(filepath.Join(root, pattern))
			out = append(out, dirs...)
		}
	}
	return out
}
