package xla

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/lib/xla/remote/wire"
)

// cudaLibraries are what the CUDA plugin looks for when it is opened or when it compiles, in the order in which they need
// each other. NVIDIA's Python packages have them, each CUDA version in folders of its own.
var cudaLibraries = []string{
	"libcudart", "libnvrtc", "libcublas", "libcublasLt", "libnccl", "libcupti", "libcusparse", "libcusolver", "libcufft",
	"libnvshmem_host", "libcudnn",
}

// cudaNeeds are the libraries that the plugin is to find opened, each with the files of NVIDIA's Python packages that may be it, and
// the environment that tells XLA where the rest of CUDA is.
func cudaNeeds(p Plugin) (needs []wire.Library, env []string) {
	folders := cudaFolders(p)
	for _, name := range cudaLibraries {
		library := wire.Library{Name: name}
		for _, dir := range folders {
			files, _ := filepath.Glob(filepath.Join(dir, name+".so.*"))
			library.Files = append(library.Files, files...)
		}
		needs = append(needs, library)
	}
	toolkit := filepath.Join(p.site, "nvidia", "cu13")
	if _, err := os.Stat(toolkit); p.site != "" && err == nil {
		env = withXLAFlag("--xla_gpu_cuda_data_dir=" + toolkit)
	}
	return needs, env
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

// withXLAFlag adds an option to those that XLA reads from the environment, unless the user has set it.
func withXLAFlag(flag string) []string {
	name, _, _ := strings.Cut(flag, "=")
	old := os.Getenv("XLA_FLAGS")
	if strings.Contains(old, name) {
		return nil
	}
	return []string{"XLA_FLAGS=" + strings.TrimSpace(old+" "+flag)}
}
