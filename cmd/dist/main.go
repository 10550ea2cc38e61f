// Command dist makes what is given to people who do not build msflow: for each platform an archive and a Python wheel, with
// a list of what is inside (SBOM), and checksums of all. Two runs on one source by one Go write the same bytes. `./install.sh dist` runs it.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/msflow-go/msflow/lib/durable"
)

// platform is what a build is for, and what Python's installers call it.
type platform struct {
	os, arch string
	tags     string // platform tags of the wheel
}

// platforms are built by default. The Linux programs are static, so that any C library will do; Go 1.26 wants macOS 12.
var platforms = []platform{
	{"linux", "amd64", "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64"},
	{"linux", "arm64", "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64"},
	{"darwin", "amd64", "macosx_12_0_x86_64"},
	{"darwin", "arm64", "macosx_12_0_arm64"},
	{"windows", "amd64", "win_amd64"},
}

func (p platform) String() string { return p.os + "/" + p.arch }

// program is the name of msflow's file.
func (p platform) program() string {
	if p.os == "windows" {
		return "msflow.exe"
	}
	return "msflow"
}

// file is something to put into an archive.
type file struct {
	name    string // with slashes
	content []byte
	runs    bool // whether it is a program
}

func main() {
	out := flag.String("out", "dist", "folder to write into")
	only := flag.String("only", "", "the platforms to build for, separated by commas, such as linux/amd64; all by default")
	flag.Parse()
	if err := run(*out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(out, only string) error {
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	version, err := release()
	if err != nil {
		return err
	}
	at, err := sourceTime()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	written := map[string][]byte{}
	for _, p := range chosen {
		files, err := build(p, version)
		if err != nil {
			return err
		}
		for name, content := range files.packages(p, version, at) {
			if err := durable.WriteBytes(filepath.Join(out, name), 0o666, content); err != nil {
				return err
			}
			written[name] = content
			fmt.Printf("%s, %d kB\n", filepath.Join(out, name), (len(content)+999)/1000)
		}
	}
	return durable.WriteBytes(filepath.Join(out, "SHA256SUMS"), 0o666, checksums(written))
}

// choose finds the platforms that were asked for.
func choose(only string) ([]platform, error) {
	if only == "" {
		return platforms, nil
	}
	var chosen []platform
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(platforms, func(p platform) bool { return p.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("-only %s: it is not one of %v", name, platforms)
		}
		chosen = append(chosen, platforms[i])
	}
	return chosen, nil
}

var releaseLine = regexp.MustCompile(`(?m)^const release = "([0-9.]+)"$`)

// release is the version that cmd/msflow states.
func release() (string, error) {
	const from = "cmd/msflow/main.go"
	source, err := os.ReadFile(from)
	if err != nil {
		return "", fmt.Errorf("finding the version (dist runs in the project's folder): %w", err)
	}
	found := releaseLine.FindSubmatch(source)
	if found == nil {
		return "", fmt.Errorf("%s states no release", from)
	}
	return string(found[1]), nil
}

// sourceTime is the time that files in archives get: SOURCE_DATE_EPOCH, which install.sh sets to that of the commit.
func sourceTime() (time.Time, error) {
	seconds := int64(315532800) // 1980, where zip's times begin
	if s := os.Getenv("SOURCE_DATE_EPOCH"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < seconds {
			return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s is not a number of seconds after 1980", s)
		}
		seconds = n
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// checksums are the lines that sha256sum -c reads.
func checksums(written map[string][]byte) []byte {
	var lines []string
	for name, content := range written {
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	return []byte(strings.Join(lines, ""))
}
