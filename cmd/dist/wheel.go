package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/kernelspec"
)

// wheel is a Python package that holds no Python: the program goes to the scripts of the environment that it is installed into, the
// kernel's description to its share/jupyter. https://packaging.python.org/specifications/binary-distribution-format
func (b *built) wheel(p platform, version string, at time.Time) (name string, content []byte) {
	base := "msflow-" + version
	info, data := base+".dist-info/", base+".data/"
	files := []file{{data + "scripts/" + p.program(), b.program, true}}
	for name, content := range kernelspec.Files(spec(p)) {
		files = append(files, file{name: data + "data/share/jupyter/kernels/" + kernelspec.DefaultName + "/" + name, content: content})
	}
	files = append(files,
		file{name: info + "METADATA", content: []byte(metadataOf(version))},
		file{name: info + "WHEEL", content: []byte(wheelTags(p))},
		file{name: info + "sboms/msflow." + sbomName, content: b.sbom})
	for _, l := range b.licences {
		files = append(files, file{name: info + "licenses/" + l.name, content: l.content})
	}
	files = sorted(files)
	files = append(files, record(info+"RECORD", files)) // the last, as the format wants it
	return fmt.Sprintf("%s-py3-none-%s.whl", base, p.tags), zippedInOrder(files, at)
}

// spec is the kernel's description. Its program is found from where the description lies: an environment need not be active for
// its Jupyter to run.
func spec(p platform) kernelspec.Spec {
	up := strings.Repeat("../", 4)
	if p.os == "windows" {
		return kernelspec.New("{resource_dir}/" + up + "Scripts/msflow.exe")
	}
	return kernelspec.New("{resource_dir}/" + up + "bin/msflow")
}

func metadataOf(version string) string {
	return `Metadata-Version: 2.4
Name: msflow
Version: ` + version + `
Summary: Normalizing flows for industrial anomaly detection: a command, a Go prompt and a notebook kernel
License-Expression: Apache-2.0
License-File: LICENSE
License-File: NOTICE
Requires-Python: >=3.8
Keywords: anomaly detection,normalizing flow,Go,Jupyter kernel
Description-Content-Type: text/markdown

` + "`msflow` trains, judges and uses detectors of anomalies in pictures, and is a kernel for notebooks in Go. With JupyterLab in the same\n" +
		"environment, \"Go (MSFlow)\" is among its kernels. Neither Python nor Go is needed to run it; cells that import modules which are not\n" +
		"compiled in need the go command.\n"
}

func wheelTags(p platform) string {
	text := "Wheel-Version: 1.0\nGenerator: msflow-dist\nRoot-Is-Purelib: false\n"
	for _, tag := range strings.Split(p.tags, ".") {
		text += "Tag: py3-none-" + tag + "\n"
	}
	return text
}

// record lists all files with their checksums, and itself without.
func record(name string, files []file) file {
	var text strings.Builder
	for _, f := range files {
		sum := sha256.Sum256(f.content)
		fmt.Fprintf(&text, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.content))
	}
	fmt.Fprintf(&text, "%s,,\n", name)
	return file{name: name, content: []byte(text.String())}
}
