package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// built is what all packages of a platform are made of.
type built struct {
	program  []byte
	sbom     []byte
	licences []file
}

// helper is where a build with the tag embeddevice takes the program that opens XLA's plugins from.
const helper = "lib/xla/remote/msflow-device.gz"

// build compiles msflow for a platform and says what is in it. On Linux msflow-device is inside.
func build(p platform, version string) (*built, error) {
	dir, err := os.MkdirTemp("", "msflow-dist")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var tags []string
	if p.os == "linux" {
		device := filepath.Join(dir, "msflow-device")
		if err := compile(p, device, "./cmd/msflow-device"); err != nil {
			return nil, err
		}
		if err := compress(device, helper); err != nil {
			return nil, err
		}
		tags = []string{"-tags", "embeddevice"}
	}
	path := filepath.Join(dir, p.program())
	if err := compile(p, path, append(tags, "./cmd/msflow")...); err != nil {
		return nil, err
	}
	b := &built{}
	if b.program, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	if b.sbom, err = sbom(path, version, b.program); err != nil {
		return nil, err
	}
	for _, name := range []string{"LICENSE", "NOTICE"} {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		b.licences = append(b.licences, file{name: name, content: text})
	}
	return b, nil
}

// compile builds a program whose bytes depend on the source and on Go alone, and not on the folder or the state of git.
func compile(p platform, to string, what ...string) error {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", to}, what...)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building for %s: %w\n%s", p, err, out)
	}
	return nil
}

func compress(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o666)
}

// packages are the files to give away, by name.
func (b *built) packages(p platform, version string, at time.Time) map[string][]byte {
	base := fmt.Sprintf("msflow-%s-%s-%s", version, p.os, p.arch)
	files := []file{{base + "/" + p.program(), b.program, true}, {base + "/" + sbomName, b.sbom, false}}
	for _, l := range b.licences {
		files = append(files, file{name: base + "/" + l.name, content: l.content})
	}
	out := map[string][]byte{base + "." + sbomName: b.sbom}
	if p.os == "windows" {
		out[base+".zip"] = zipped(files, at)
	} else {
		out[base+".tar.gz"] = tarred(files, at)
	}
	name, content := b.wheel(p, version, at)
	out[name] = content
	return out
}
