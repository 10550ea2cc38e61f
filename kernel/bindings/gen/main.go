// Command gen writes the bindings that packages.txt lists: for each package a
// file that registers its exported names with the interpreter, and for all of
// them docs.zip with their documentation.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bindings/gen: ")
	if err := generate("packages.txt"); err != nil {
		log.Fatal(err)
	}
}

func generate(list string) error {
	paths, std, err := readList(list)
	if err != nil {
		return err
	}
	bound, err := load(paths)
	if err != nil {
		return err
	}
	old, _ := filepath.Glob("bind_*.go")
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	for _, p := range bound {
		src, err := bind(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.PkgPath, err)
		}
		if err := os.WriteFile(fileName(p.PkgPath), src, 0o644); err != nil {
			return err
		}
	}
	documented := bound
	if std {
		all, err := load([]string{"std"})
		if err != nil {
			return err
		}
		documented = append(documented, public(all)...)
	}
	return writeDocs("docs/docs.zip", documented)
}

func readList(file string) (paths []string, std bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line, _, _ := strings.Cut(sc.Text(), "#")
		switch line = strings.TrimSpace(line); line {
		case "":
		case "std":
			std = true
		default:
			paths = append(paths, line)
		}
	}
	return paths, std, sc.Err()
}

func load(paths []string) ([]*packages.Package, error) {
	conf := &packages.Config{Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes |
		packages.NeedSyntax | packages.NeedTypesInfo}
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
		if !strings.Contains("/"+p.PkgPath+"/", "/internal/") && !strings.HasPrefix(p.PkgPath, "vendor/") {
			list = append(list, p)
		}
	}
	return list
}

func fileName(path string) string {
	return "bind_" + strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(path) + ".go"
}
