package engine

import (
	"os"
	"strings"
	"testing"
)

// TestEmbed gives variables of cells the contents of files beside the notebook.
func TestEmbed(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"a.txt": "first\n", "data/b.txt": "second", "data/.hidden": "h", "data/sub/c d.txt": "third\x00\xff"} {
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			if err := os.MkdirAll(name[:i], 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{"import _ \"embed\"\n//go:embed a.txt\nvar text string\ntext", "first\n"},
		{"// text again\n//go:embed a.txt\nvar text string\nlen(text)", "6"},
		{"var (\n\t//go:embed a.txt\n\tx string\n\t//go:embed \"data/sub/c d.txt\"\n\tb []byte\n\tn int\n)\nfmt.Sprintf(\"%d %q %d\", len(x), b, n)", `6 "third\x00\xff" 0`},
		{"type words string\n//go:embed data/b.txt\nvar w words\nvar twice = w + w\ntwice", "secondsecond"},
		{"//go:embed a.txt data\nvar files embed.FS\nstring(must(files.ReadFile(\"data/sub/c d.txt\")))", "third\x00\xff"},
		{"names := []string{}\nfs.WalkDir(files, \".\", func(p string, d fs.DirEntry, err error) error { names = append(names, p); return err })\nstrings.Join(names, \",\")",
			".,a.txt,data,data/b.txt,data/sub,data/sub/c d.txt"},
		{"//go:embed all:data\nvar all embed.FS\nstring(must(all.ReadFile(\"data/.hidden\")))", "h"},
		{"//go:embed *.txt\nvar one string\none", "first\n"},
		{"import \"testing/fstest\"\nfstest.TestFS(files, \"a.txt\", \"data/b.txt\", \"data/sub/c d.txt\") == nil", "true"},
		{"//go:embed missing.txt\nvar none string", "cell[1]:2:5: go:embed: pattern missing.txt: no matching files found"},
		{"//go:embed a.txt\nvar p, q string", "cell[1]:2:5: go:embed cannot apply to multiple vars"},
		{"//go:embed a.txt\nvar v = \"\"", "cell[1]:2:5: go:embed cannot apply to var with initializer"},
		{"//go:embed data\nvar many string", "cell[1]:2:5: go:embed: several files for one that is no embed.FS"},
		{"//go:embed a.txt\nvar number int", "cannot convert"},
		{"//go:embed \"a.txt\nvar bad string", "cell[1]:2:5: go:embed: invalid syntax"},
		{"//go:embed ../outside\nvar bad string", "cell[1]:2:5: go:embed: pattern ../outside: invalid pattern syntax"},
	} {
		r := &recorder{}
		got := ""
		if err := s.Eval(t.Context(), Cell{Code: c.src, Count: 1}, r); err != nil {
			got = err.Error()
		} else {
			got = r.result()
		}
		if got != c.want && !(c.want == "cannot convert" && strings.Contains(got, c.want)) {
			t.Errorf("%s\ngives %q, want %q", c.src, got, c.want)
		}
	}
}
