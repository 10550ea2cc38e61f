package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// sample stands for what a build gives: this test's own program.
func sample(t *testing.T) *built {
	t.Helper()
	list, err := sbom(os.Args[0], "1.2.3", []byte("program"))
	if err != nil {
		t.Fatal(err)
	}
	return &built{program: []byte("program"), sbom: list, licences: []file{{name: "NOTICE", content: []byte("notice")}, {name: "LICENSE", content: []byte("licence")}}}
}

// TestPackagesOfEveryPlatform: three files each, the same bytes each time.
func TestPackagesOfEveryPlatform(t *testing.T) {
	b := sample(t)
	all := map[string][]byte{}
	for _, p := range platforms {
		once, again := b.packages(p, "1.2.3", noon), b.packages(p, "1.2.3", noon)
		if len(once) != 3 || !maps.EqualFunc(once, again, bytes.Equal) {
			t.Errorf("%s: %d packages, the same twice: %t", p, len(once), maps.EqualFunc(once, again, bytes.Equal))
		}
		maps.Copy(all, once)
	}
	if len(all) != 3*len(platforms) {
		t.Errorf("%d names of %d packages", len(all), 3*len(platforms))
	}
	if text := string(checksums(all)); strings.Count(text, "\n") != len(all) || !strings.Contains(text, "msflow-1.2.3-darwin-arm64.tar.gz\n") {
		t.Errorf("checksums:\n%s", text)
	}
}

func TestArchiveHoldsTheProgram(t *testing.T) {
	b := sample(t)
	z, err := gzip.NewReader(bytes.NewReader(b.packages(platforms[0], "1.2.3", noon)["msflow-1.2.3-linux-amd64.tar.gz"]))
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]int64{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(noon) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s tells when or by whom it was made: %+v", h.Name, h)
		}
		modes[strings.TrimPrefix(h.Name, "msflow-1.2.3-linux-amd64/")] = h.Mode
	}
	if want := map[string]int64{"msflow": 0o755, "LICENSE": 0o644, "NOTICE": 0o644, sbomName: 0o644}; !maps.Equal(modes, want) {
		t.Errorf("files %v, want %v", modes, want)
	}
}

// TestWheelIsWhatItRecords: RECORD stands last and lists every file with its checksum; the kernel starts the program that lies
// beside it in the environment.
func TestWheelIsWhatItRecords(t *testing.T) {
	for p, argv := range map[platform]string{
		platforms[0]: "{resource_dir}/../../../../bin/msflow", platforms[4]: "{resource_dir}/../../../../Scripts/msflow.exe",
	} {
		name, content := sample(t).wheel(p, "1.2.3", noon)
		if want := "msflow-1.2.3-py3-none-" + p.tags + ".whl"; name != want {
			t.Errorf("it is called %s, not %s", name, want)
		}
		files := unzipped(t, content)
		lines, err := csv.NewReader(bytes.NewReader(files["msflow-1.2.3.dist-info/RECORD"])).ReadAll()
		if err != nil || len(lines) != len(files) {
			t.Fatalf("%s: RECORD has %d lines for %d files: %v", p, len(lines), len(files), err)
		}
		for _, line := range lines[:len(lines)-1] {
			sum := sha256.Sum256(files[line[0]])
			if line[1] != "sha256="+base64.RawURLEncoding.EncodeToString(sum[:]) || line[2] != fmt.Sprint(len(files[line[0]])) {
				t.Errorf("%s: RECORD says %v", p, line)
			}
		}
		var spec struct{ Argv []string }
		if err := json.Unmarshal(files["msflow-1.2.3.data/data/share/jupyter/kernels/msflow/kernel.json"], &spec); err != nil || spec.Argv[0] != argv {
			t.Errorf("%s: the kernel starts %v (%v), want %s", p, spec.Argv, err, argv)
		}
	}
}

func unzipped(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for i, f := range r.File {
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(from); err != nil {
			t.Fatal(err)
		}
		if runs := f.Mode()&0o111 != 0; runs != strings.Contains(f.Name, "/scripts/") {
			t.Errorf("%s may be run: %t", f.Name, runs)
		}
		if last := i == len(r.File)-1; last != strings.HasSuffix(f.Name, "/RECORD") {
			t.Errorf("%s is the last file: %t", f.Name, last)
		}
	}
	return files
}

// TestSBOMNamesModules: the program, its Go and its modules, by what stands in the program; anything else is refused.
func TestSBOMNamesModules(t *testing.T) {
	var list bom
	if err := json.Unmarshal(sample(t).sbom, &list); err != nil {
		t.Fatal(err)
	}
	if c := list.Metadata.Component; c.Version != "1.2.3" || c.Hashes[0].Content != fmt.Sprintf("%x", sha256.Sum256([]byte("program"))) {
		t.Errorf("the program is %+v", c)
	}
	if c := list.Components[0]; c.Name != "std" || c.Version == "" || c.PURL != "pkg:golang/std@"+c.Version {
		t.Errorf("Go is %+v", c)
	}
	if _, err := sbom("main.go", "1.2.3", nil); err == nil {
		t.Error("a text passes for a program")
	}
}

func TestBadWords(t *testing.T) {
	if _, err := choose("linux/amd64,plan9/386"); err == nil || !strings.Contains(err.Error(), "plan9/386") {
		t.Errorf("a platform that is none: %v", err)
	}
	for _, s := range []string{"yesterday", "5"} {
		t.Setenv("SOURCE_DATE_EPOCH", s)
		if _, err := sourceTime(); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("SOURCE_DATE_EPOCH=%s: %v", s, err)
		}
	}
}
