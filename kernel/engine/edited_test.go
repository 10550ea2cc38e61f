package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write changes a file, at a time that no other version of it has.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	editedFiles++
	when := time.Now().Add(time.Duration(editedFiles) * time.Minute)
	if err := os.Chtimes(file, when, when); err != nil {
		t.Fatal(err)
	}
}

var editedFiles int

// TestEditedPackages edits packages that a session has loaded.
func TestEditedPackages(t *testing.T) {
	const inner = "package inner\n\nfunc Rate() float64 { return 2 }\n"
	const shop = "package shop\n\nimport \"example.org/m/inner\"\n\ntype Item struct{ Price float64 }\n\nfunc Cost(x float64) float64 { return x * inner.Rate() }\n"
	inModule(t, map[string]string{"go.mod": "module example.org/m\n\ngo 1.26\n", "inner/i.go": inner, "shop/s.go": shop, "other/o.go": "package other\n\nvar N = 1\n",
		"text/t.go": "package text\n\nimport \"embed\"\n\n//go:embed words\nvar Words embed.FS\n\n//go:embed *.txt\nvar Text string\n", "text/a.txt": "before", "text/words/w": "one"})
	s := newSession(t)
	check := func(src, want string, notices ...string) {
		t.Helper()
		r, err := eval(s, src)
		got := r.result()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
		if said := strings.Join(r.notices, "\n"); len(notices) == 0 && said != "" {
			t.Errorf("%s: it says %s", src, said)
		} else {
			for _, n := range notices {
				if !strings.Contains(said, n) {
					t.Errorf("%s: it says %q, not %q", src, said, n)
				}
			}
		}
	}
	check(`import ("example.org/m/shop"; "example.org/m/other"); kept := 7; item := shop.Item{3}; other.N = 5`, "-")
	check(`func total(x float64) float64 { return shop.Cost(x) + 1 }; total(10)`, "21")

	check(`import "example.org/m/text"; words := func() string { b, _ := text.Words.ReadFile("words/w"); return string(b) }; text.Text + words()`, "beforeone")
	write(t, filepath.Join("text", "a.txt"), "after")
	check(`text.Text`, "after", "loaded again, as they were edited: example.org/m/text")
	write(t, filepath.Join("text", "words", "w"), "two")
	check(`b, _ := text.Words.ReadFile("words/w"); string(b)`, "two", "loaded again, as they were edited: example.org/m/text")

	write(t, filepath.Join("inner", "i.go"), strings.Replace(inner, "2", "3", 1))
	check(`kept`, "7")
	check(`total(10) + float64(kept)`, "38", "loaded again, as they were edited: example.org/m/inner", "still with the packages as they were before: item")
	check(`shop.Cost(10)`, "30")
	check(`item.Price + float64(other.N)`, "8")

	write(t, filepath.Join("shop", "s.go"), strings.Replace(shop, "x * inner.Rate()", "wrong", 1))
	check(`kept`, "7")
	check(`shop.Cost(10)`, "undefined: wrong")
	check(`total(10)`, "undefined: wrong")
	check(`kept + other.N`, "12")
	write(t, filepath.Join("shop", "s.go"), strings.Replace(shop, "Cost(x float64)", "Cost(x, y float64)", 1))
	check(`shop.Cost(10, 1)`, "30", "loaded again", "still with the packages as they were before: item, total")
	check(`total(10) + float64(kept)`, "38")
	check(`func total(x float64) float64 { return shop.Cost(x, 0) }; total(1)`, "3")
	check(`shop.Cost(20, 1)`, "60")
}
