package xla

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/lib/xla/pjrt"
)

// cudaLibraries are what the CUDA plugin looks for when it is opened or when it compiles, in the order in which they need
// each other. NVIDIA's Python packages have them, each CUDA version in folders of its own.
var cudaLibraries = []string{
	"libcudart", "libnvrtc", "libcublas", "libcublasLt", "libnccl", "libcupti", "libcusparse", "libcusolver", "libcufft",
	"libnvshmem_host", "libcudnn",
}

// prepareCUDA opens NVIDIA's libraries from the Python packages beside the plugin and tells XLA where the rest of CUDA is.
// It returns the names of the libraries that are not there; the plugin may still find them by itself.
func prepareCUDA(p Plugin) (missing []string) {
	folders := cudaFolders(p)
	for _, name := range cudaLibraries {
		if !preload(folders, name) {
			missing = append(missing, name)
		}
	}
	toolkit := filepath.Join(p.site, "nvidia", "cu13")
	if _, err := os.Stat(toolkit); p.site != "" && err == nil {
		addXLAFlag("--xla_gpu_cuda_data_dir=" + toolkit)
	}
	return missing
}

// cudaFolders are the folders of libraries beside a plugin, those of its CUDA version first.
func cudaFolders(p Plugin) []string {
	if p.site == "" {
		return nil
	}
	all, _ := filepath.Glob(filepath.Join(p.site, "nvidia", "*", "lib"))
	var first, rest []string
	for _, dir := range all {
		versioned := strings.HasPrefix(filepath.Base(filepath.Dir(dir)), "cu1")
		if versioned == strings.Contains(p.Path, "cuda13") {
			first = append(first, dir)
		} else {
			rest = append(rest, dir)
		}
	}
	return append(first, rest...)
}

// preload opens the first library of a name.
func preload(folders []string, name string) bool {
	for _, dir := range folders {
		files, _ := filepath.Glob(filepath.Join(dir, name+".so.*"))
		for _, file := range files {
			if pjrt.Preload(file) == nil {
				return true
			}
		}
	}
	return false
}

// addXLAFlag adds an option to those that XLA reads from the environment, unless the user has set it.
func addXLAFlag(flag string) {
	name, _, _ := strings.Cut(flag, "=")
	old := os.Getenv("XLA_FLAGS")
	if !strings.Contains(old, name) {
		os.Setenv("XLA_FLAGS", strings.TrimSpace(old+" "+flag))
	}
}
