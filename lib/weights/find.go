package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// ErrOffline is wrapped by Find's error when the weights are not on this machine and downloading is not allowed.
var ErrOffline = errors.New("downloading is switched off")

// Finder finds published weights on this machine and downloads them if it may. The zero value uses the default folders and
// the default HTTP client.
type Finder struct {
	Dir      string       // where downloads are kept; "" is CacheDir()
	Offline  bool         // never use the network
	Client   *http.Client // nil is http.DefaultClient
	Progress func(done, total int64)
	// Shared are folders of other programs to look into; nil is those of PyTorch and Hugging Face.
	Shared []string
}

// CacheDir is $MSFLOW_CACHE or ~/.cache/msflow.
func CacheDir() string {
	if dir := os.Getenv("MSFLOW_CACHE"); dir != "" {
		return dir
	}
	return filepath.Join(homeDir(), ".cache", "msflow")
}

func homeDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	return home
}

// sharedDirs are where torch.hub and huggingface_hub keep what they downloaded.
func sharedDirs() []string {
	torchHome, hfHome := os.Getenv("TORCH_HOME"), os.Getenv("HF_HOME")
	if torchHome == "" {
		torchHome = filepath.Join(homeDir(), ".cache", "torch")
	}
	if hfHome == "" {
		hfHome = filepath.Join(homeDir(), ".cache", "huggingface")
	}
	return []string{filepath.Join(torchHome, "hub", "checkpoints"), filepath.Join(hfHome, "hub")}
}

// Find returns the path of a file with the published weights of the backbone called name: one in cacheDir ("" is
// CacheDir()) or in the caches of PyTorch and Hugging Face, or else a fresh download into cacheDir, unless offline. The
// file's SHA-256 has been checked every time.
func Find(name, cacheDir string, offline bool) (path string, err error) {
	return Finder{Dir: cacheDir, Offline: offline}.Find(context.Background(), name)
}

// Find is the package's Find with all settings. A file on this machine whose digest is wrong is an error if it is the
// Finder's own, which says to delete it; in other programs' folders it is passed over.
func (f Finder) Find(ctx context.Context, name string) (string, error) {
	entries, err := entriesOf(name)
	if err != nil {
		return "", err
	}
	if e := entries[0]; e.Page != "" {
		return "", fmt.Errorf("weights of %s are not downloaded; get the file from %s (%s) and name it with --weights FILE", name, e.Page, e.License)
	}
	for _, e := range entries {
		path, err := f.local(e)
		if path != "" || err != nil {
			return path, err
		}
	}
	first := entries[0]
	if first.URL == "" {
		return "", fmt.Errorf("weights of %s: they are inside the program, and no file %s is in %s", name, first.File, f.dir())
	}
	if f.Offline {
		return "", fmt.Errorf("weights of %s: %w; put %s (from %s) into %s", name, ErrOffline, first.File, first.URL, f.dir())
	}
	return f.download(ctx, first)
}

func (f Finder) dir() string {
	if f.Dir != "" {
		return f.Dir
	}
	return CacheDir()
}

// local looks for one entry's file; "" and no error when there is none.
func (f Finder) local(e Entry) (string, error) {
	own := filepath.Join(f.dir(), e.File)
	err := verify(own, e)
	if err == nil {
		return own, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("weights of %s: %w; delete the file to have it downloaded again", e.Name, err)
	}
	shared := f.Shared
	if shared == nil {
		shared = sharedDirs()
	}
	for _, dir := range shared {
		for _, path := range sharedPaths(dir, e) {
			if verify(path, e) == nil {
				return path, nil
			}
		}
	}
	return "", nil
}

// sharedPaths are an entry's possible places below another program's folder.
func sharedPaths(dir string, e Entry) []string {
	paths := []string{filepath.Join(dir, e.File)}
	if e.HuggingFace != "" {
		repo := "models--" + strings.ReplaceAll(e.HuggingFace, "/", "--")
		snapshots, _ := filepath.Glob(filepath.Join(dir, repo, "snapshots", "*", filepath.Base(e.URL)))
		paths = append(paths, snapshots...)
	}
	return paths
}

// verify compares a file's SHA-256 with the published digits.
func verify(path string, e Entry) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return checkDigest(path, hex.EncodeToString(h.Sum(nil)), e)
}

func checkDigest(path, digest string, e Entry) error {
	if len(e.SHA256) < 8 || !strings.HasPrefix(digest, e.SHA256) {
		return fmt.Errorf("%s has SHA-256 %s, the published file's starts with %s", path, digest, e.SHA256)
	}
	return nil
}

// Backbone returns the published ImageNet weights of the backbone called name: those inside the program for
// efficientnet_lite0, for the others the file that Find finds in the default folders or downloads. Setting MSFLOW_OFFLINE
// in the environment forbids downloading.
func Backbone(name string) (*StateDict, error) {
	return Finder{Offline: os.Getenv("MSFLOW_OFFLINE") != ""}.Backbone(context.Background(), name)
}

// Backbone is the package's Backbone with all settings.
func (f Finder) Backbone(ctx context.Context, name string) (*StateDict, error) {
	if name == "efficientnet_lite0" {
		return EmbeddedLite0(), nil
	}
	path, err := f.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	return Load(path)
}
