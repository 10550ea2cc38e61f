package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/msflow-go/msflow/"

// mayImport is the import table: what each folder's packages may import of ours, besides the folder itself. Data flows one
// way: datasets → backbone → flow → score → metrics → plots, and engine → jupyter → protocol → transport. Test files
// may import more, since a proof may need both sides.
var mayImport = map[string][]string{
	"bench":             {"datasets", "lib/detector"},
	"cmd/dist":          {"kernel/kernelspec", "lib/durable"},
	"cmd/msflow":        {"datasets", "kernel", "lib", "plots", "serve"},
	"cmd/msflow-device": {"lib/xla"},
	"datasets":          nil,
	"kernel/bindings":   {"datasets", "kernel/engine", "kernel/live", "lib", "plots"},
	"kernel/cell":       nil,
	"kernel/comm":       nil,
	"kernel/display":    {"kernel/engine"},
	"kernel/engine":     {"kernel/cell", "kernel/interp"},
	"kernel/history":    nil,
	"kernel/internal":   {"kernel/protocol"},
	"kernel/interp":     nil,
	"kernel/jupyter":    {"kernel/cell", "kernel/comm", "kernel/display", "kernel/engine", "kernel/history", "kernel/magics", "kernel/protocol", "kernel/transport"},
	"kernel/kernelspec": {"kernel/protocol", "lib/durable"},
	"kernel/live":       {"kernel/display", "kernel/widgets", "lib", "plots"},
	"kernel/magics":     {"kernel/cell", "kernel/comm", "kernel/display", "kernel/engine", "kernel/history", "kernel/notebook", "kernel/widgets", "lib/durable"},
	"kernel/notebook":   {"kernel/cell", "kernel/display", "kernel/engine", "lib/durable"},
	"kernel/protocol":   {"lib/durable"},
	"kernel/repl":       {"kernel/cell", "kernel/display", "kernel/engine", "kernel/history"},
	"kernel/transport":  nil,
	"kernel/widgets":    {"kernel/comm", "kernel/display", "kernel/engine"},
	"kernel/yaegi":      {"kernel/bindings", "kernel/cell", "kernel/engine", "kernel/interp"},
	"lib/backbone":      {"lib/fixture", "lib/internal/simd", "lib/onnx", "lib/op", "lib/weights"},
	"lib/baseline":      {"lib/internal/simd", "lib/score", "lib/weights"},
	"lib/detector":      {"datasets", "lib/backbone", "lib/baseline", "lib/flow", "lib/metrics", "lib/onnx", "lib/score", "lib/train", "lib/weights", "lib/whiten", "lib/xla"},
	"lib/durable":       nil,
	"lib/fixture":       nil,
	"lib/flow":          {"lib/fixture", "lib/op"},
	"lib/internal":      nil,
	"lib/metrics":       nil,
	"lib/onnx":          {"lib/op"},
	"lib/op":            {"lib/internal/simd"},
	"lib/region":        nil,
	"lib/score":         {"lib/onnx"},
	"lib/seal":          {"lib/durable"},
	"lib/spreadsheet":   nil,
	"lib/sweep":         {"lib/durable", "lib/seal", "lib/spreadsheet"},
	"lib/train":         {"lib/flow", "lib/internal/simd", "lib/op", "lib/weights", "lib/xla"},
	"lib/weights":       {"lib/durable"},
	"lib/whiten":        {"lib/internal/simd", "lib/onnx", "lib/weights"},
	"lib/xla":           {"lib/op"},
	"notebooks":         nil,
	"plots":             {"lib/durable", "lib/spreadsheet"},
	"serve":             {"datasets", "lib/detector", "lib/region"},
}

// TestImportsFollowTheTable reads the sources themselves: the go command's own listing would be cached.
func TestImportsFollowTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	checked := 0
	used := map[[2]string]bool{} // a folder and what it may import
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || path != root && (hasModule(path) || strings.HasPrefix(d.Name(), "."))) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			checked++
			checkImports(t, root, path, used)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 10 {
		t.Fatalf("only %d source files were found under %s", checked, root)
	}
	for folder, allowed := range mayImport {
		for _, a := range allowed {
			if !used[[2]string{folder, a}] {
				t.Errorf("%s may import %s and does not", folder, a)
			}
		}
	}
}

// TestFilesAreReplacedInOnePlace: a rename alone may leave an empty file after a power cut, so only package durable
// renames.
func TestFilesAreReplacedInOnePlace(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "durable" || path != root && (hasModule(path) || strings.HasPrefix(d.Name(), "."))) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "os.Rename(") {
			t.Errorf("%s renames by itself; durable.Write and durable.Rename also see to it that the rename lasts", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkImports(t *testing.T, root, path string, used map[[2]string]bool) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	rel, _ := filepath.Rel(root, path)
	folder := folderOf(filepath.ToSlash(filepath.Dir(rel)))
	allowed, known := mayImport[folder]
	if !known {
		t.Errorf("%s: no row for its folder in the import table", rel)
		return
	}
	for _, spec := range f.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		target, ours := strings.CutPrefix(target, module)
		if !ours || within(target, folder) {
			continue
		}
		row := slices.IndexFunc(allowed, func(a string) bool { return within(target, a) })
		if row < 0 {
			t.Errorf("%s imports %s, which %s may not", rel, target, folder)
			continue
		}
		used[[2]string{folder, allowed[row]}] = true
	}
}

// folderOf is the row of the table that a package's folder belongs to: the longest that contains it.
func folderOf(dir string) string {
	best := dir
	found := ""
	for row := range mayImport {
		if within(dir, row) && len(row) > len(found) {
			found = row
		}
	}
	if found != "" {
		return found
	}
	return best
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// TestTopLevelIsFixed keeps new folders from appearing beside the agreed ones.
func TestTopLevelIsFixed(t *testing.T) {
	agreed := []string{"kernel", "lib", "notebooks", "plots", "datasets", "serve", "cmd", "bench", "docs", "testdata", "bin", "runs", "dist"}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(agreed, e.Name()) {
			t.Errorf("folder %s stands at the top level; it belongs in one of %v", e.Name(), agreed)
		}
	}
}

// TestPackagesAreRooms keeps a package from growing until nobody finds anything in it.
func TestPackagesAreRooms(t *testing.T) {
	const most = 35
	files := map[string]int{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || path != root && (hasModule(path) || strings.HasPrefix(d.Name(), "."))) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err == nil && !ast.IsGenerated(f) {
			files[filepath.Dir(path)]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, n := range files {
		if n > most {
			t.Errorf("%s has %d files that people write; from %d on, some of them want a room of their own", dir, n, most+1)
		}
	}
}

// hasModule reports whether a folder is a module of its own, such as the comparison with other interpreters in bench.
func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
