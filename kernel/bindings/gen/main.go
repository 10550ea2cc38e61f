// Command gen writes the bindings that packages.txt lists: for each package a
// file that registers its exported names with the interpreter, and for all of
// them docs.zip with their documentation and shells/bind_interfaces.go for yaegi. With -check it compares instead.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bindings/gen: ")
	only := flag.Bool("check", false, "write nothing; fail when the files are not current")
	flag.Parse()
	files, err := generate("packages.txt")
	switch {
	case err != nil:
	case *only:
		err = check(files)
	default:
		err = write(files)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// generate makes the files, by name.
func generate(list string) (files map[string][]byte, err error) {
	entries, std, err := readList(list)
	if err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	var documented, everywhere []*packages.Package
	for _, platform := range platforms(entries) {
		folders := entries[platform]
		bound, err := load(platform, slices.Sorted(maps.Keys(folders)))
		if err != nil {
			return nil, err
		}
		for _, p := range bound {
			folder := folders[p.PkgPath]
			b, err := bind(p, packageName(folder), func(path string) bool { return listed(entries, platform, path) || isStandard(path) })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.PkgPath, err)
			}
			files[filepath.Join(folder, fileName(p.PkgPath, platform))] = b
		}
		documented = append(documented, unknown(documented, bound)...)
		for _, p := range bound {
			if platform == "" && folders[p.PkgPath] == "." {
				everywhere = append(everywhere, p)
			}
		}
	}
	if std {
		all, err := load("", []string{"std"})
		if err != nil {
			return nil, err
		}
		documented = append(documented, public(all)...)
		everywhere = append(everywhere, unknown(everywhere, public(all))...)
	}
	if files["shells/bind_interfaces.go"], err = shellSource(everywhere); err != nil {
		return nil, err
	}
	files["docs/docs.zip"], err = docs(documented)
	return files, err
}

// stale are the files of earlier packages.
func stale(files map[string][]byte) (names []string) {
	old, _ := filepath.Glob("bind_*.go")
	others, _ := filepath.Glob("../*/bind_*.go")
	for _, name := range append(old, others...) {
		if filepath.Dir(name) == "../bindings" {
			continue // this folder
		}
		if files[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

// check reports the files that are not those to be generated.
func check(files map[string][]byte) error {
	different := stale(files)
	for name, want := range files {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			different = append(different, name)
		}
	}
	if len(different) > 0 {
		sort.Strings(different)
		return fmt.Errorf("not current, run go generate: %s", strings.Join(different, " "))
	}
	return nil
}

func write(files map[string][]byte) error {
	for _, name := range stale(files) {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for name, b := range files {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// packageName is that of the files in a folder.
func packageName(folder string) string {
	if folder == "." {
		return "bindings"
	}
	return filepath.Base(folder)
}

// readList reads the packages and the folders for their bindings, by platform; "" is every platform.
func readList(file string) (entries map[string]map[string]string, std bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	entries = map[string]map[string]string{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line, _, _ := strings.Cut(sc.Text(), "#")
		fields := append(strings.Fields(line), "", "", "")
		path, folder, platform := fields[0], fields[1], fields[2]
		switch {
		case path == "":
			continue
		case path == "std":
			std = true
			continue
		case folder == "":
			folder = "."
		}
		if entries[platform] == nil {
			entries[platform] = map[string]string{}
		}
		entries[platform][path] = folder
	}
	return entries, std, sc.Err()
}

// listed reports whether a package is bound on a platform.
func listed(entries map[string]map[string]string, platform, path string) bool {
	return entries[""][path] != "" || entries[platform][path] != ""
}

// isStandard reports whether a path is one of the standard library's that programs can import, all of which ixgo binds.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && isPublic(path)
}

func platforms(entries map[string]map[string]string) []string {
	return slices.Sorted(maps.Keys(entries))
}

// unknown are the packages of more that are not among all yet: on several platforms a package has one documentation.
func unknown(all, more []*packages.Package) (out []*packages.Package) {
	for _, p := range more {
		if !slices.ContainsFunc(all, func(q *packages.Package) bool { return q.PkgPath == p.PkgPath }) {
			out = append(out, p)
		}
	}
	return out
}

// load reads packages as a platform sees them; "" is this one.
func load(platform string, paths []string) ([]*packages.Package, error) {
	conf := &packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes |
		packages.NeedSyntax | packages.NeedTypesInfo}
	if system, processor, ok := strings.Cut(platform, "/"); ok {
		conf.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+processor)
	}
	pkgs, err := packages.Load(conf, paths...)
	if err != nil {
		return nil, err
	}
	for _, p := range pkgs {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
	}
	return pkgs, nil
}

// public leaves out what programs cannot import.
func public(all []*packages.Package) (list []*packages.Package) {
	for _, p := range all {
		if isPublic(p.PkgPath) {
			list = append(list, p)
		}
	}
	return list
}

func isPublic(path string) bool {
	return !strings.Contains("/"+path+"/", "/internal/") && !strings.HasPrefix(path, "vendor/")
}

// fileName ends in the platform, which the go command takes as a condition.
func fileName(path, platform string) string {
	name := "bind_" + strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(path)
	if platform != "" {
		name += "_" + strings.ReplaceAll(platform, "/", "_")
	}
	return name + ".go"
}
