package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are what people read, by path from the project's root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "bench/results/*.md"} {
		files, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := filepath.Rel(filepath.Join("..", ".."), f)
			out[filepath.ToSlash(rel)] = string(text)
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d pages were found", len(out))
	}
	return out
}

var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(filepath.Dir(page), target)
			if target == "" {
				path = page
			}
			if _, err := os.Stat(filepath.Join("..", "..", path)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", page, m[1])
			} else if anchor != "" && !slices.Contains(anchors(all[filepath.ToSlash(path)]), anchor) {
				t.Errorf("%s: %s has no such section", page, m[1])
			}
		}
	}
}

// anchors are the names that sections have in links.
func anchors(text string) (names []string) {
	for line := range strings.Lines(text) {
		if title := strings.TrimLeft(line, "#"); title != line {
			title = strings.ToLower(strings.TrimSpace(title))
			title = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(title, "")
			names = append(names, strings.ReplaceAll(title, " ", "-"))
		}
	}
	return names
}

var (
	commands = regexp.MustCompile("(?:^|[ `;&(])(?:bin/)?msflow ([a-z]+[^`|;&)\n]*)")
	quoted   = regexp.MustCompile(`'[^']*'`)
)

// TestCommandsOfThePagesExist: what a page tells people to type has a verb and flags that there are.
func TestCommandsOfThePagesExist(t *testing.T) {
	checked := 0
	for page, text := range pages(t) {
		if page == "CHANGELOG.md" { // tells of what was
			continue
		}
		for _, m := range commands.FindAllStringSubmatch(text, -1) {
			line, _, _ := strings.Cut(quoted.ReplaceAllString(m[1], "x"), " #")
			checkCommand(t, page, strings.Fields(strings.TrimSuffix(line, "`")))
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d commands were found", checked)
	}
}

func checkCommand(t *testing.T, page string, words []string) {
	t.Helper()
	cmd, _, err := rootCommand().Find(words[:1])
	if err != nil || cmd.Name() != words[0] || slices.Contains(words, "…") {
		return // prose: "msflow prints", or something left out
	}
	for _, sub := range words[1:] {
		if next, _, err := cmd.Find([]string{sub}); err == nil && next != cmd {
			cmd = next
			continue
		}
		break
	}
	for _, w := range words {
		name, isFlag := strings.CutPrefix(w, "--")
		if name, _, _ = strings.Cut(strings.TrimRight(name, ",.:"), "="); !isFlag || name == "" {
			continue
		}
		if cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil && name != "help" {
			t.Errorf("%s: msflow %s has no flag --%s", page, cmd.Name(), name)
		}
	}
}

// TestEveryDependencyHasItsReason: README says of each module that go.mod requires directly why it is there.
func TestEveryDependencyHasItsReason(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	readme := pages(t)["README.md"]
	n := 0
	for line := range strings.Lines(string(mod)) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) != 2 || !strings.HasPrefix(f[1], "v") || !strings.Contains(f[0], ".") {
			continue // indirect ones have a comment
		}
		n++
		if !mentioned(readme, regexp.MustCompile(`/v[0-9]+$`).ReplaceAllString(f[0], "")) {
			t.Errorf("README's table lacks %s", f[0])
		}
	}
	if n < 10 {
		t.Errorf("only %d modules were found", n)
	}
}

// mentioned finds the last element of a module's path in a row of the table, as in "golang.org/x/image, x/sys".
func mentioned(readme, module string) bool {
	last := module[strings.LastIndex(module, "/")+1:]
	return regexp.MustCompile(`(?m)^\| [^|]*\b` + regexp.QuoteMeta(last) + `\b[^|]* \|`).MatchString(readme)
}

// TestNothingRefersOutside: the project stands alone.
func TestNothingRefersOutside(t *testing.T) {
	outside := regexp.MustCompile(`\.\./` + `shared|"/wo` + `rk/|ALGO` + `RITHM(\.md)? ?§?|KER` + `NEL\.md|STY` + `LE\.md|FIE` + `LD\.md|GP` + `U\.md`)
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"bin", "runs", "testdata"}, d.Name())) {
			return filepath.SkipDir
		}
		if !slices.Contains([]string{".go", ".md", ".py", ".sh", ".json", ".ipynb", ".txt"}, filepath.Ext(path)) {
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 {
			return err // generated
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := outside.Find(text); found != nil {
			t.Errorf("%s refers to %s", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
