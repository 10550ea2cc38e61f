package datasets

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindListsWhatIsThere(t *testing.T) {
	root := makeFiles(t, "a/1.jpg", "a/1.png", "a/deep/2.BMP", "a/._1.jpg", "a/.hidden/3.png", "a/out/4.png", "b/5.png", ".6.png")
	writeFile(t, filepath.Join(root, "a", "notes.txt"), []byte("x"))
	link(t, root, "..", "a/up")
	link(t, root, "/nowhere", "b/gone.png")
	at := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(root, name))
		}
		return paths
	}
	for _, c := range []struct {
		paths, except, want []string
		problem             string
	}{
		{at("a"), nil, at("a/1.jpg", "a/1.png", "a/deep/2.BMP", "a/out/4.png", "a/up/b/5.png", "a/up/b/gone.png"), ""},
		{at("a/deep", "b"), nil, at("a/deep/2.BMP", "b/5.png", "b/gone.png"), ""},
		{at("a/out/4.png", "a/deep", "a/deep/2.BMP", ".6.png", "a/notes.txt"), nil, at("a/out/4.png", "a/deep/2.BMP", ".6.png", "a/notes.txt"), ""},
		{at("b", "none.png"), at("a/out"), at("b/5.png", "b/gone.png", "none.png"), ""},
		{at("a/deep", "a/.hidden/../out"), at("a/out"), at("a/deep/2.BMP"), "no image in it"},
	} {
		got, problems := Find(c.paths, c.except...)
		if fmt.Sprint(got) != fmt.Sprint(c.want) || fmt.Sprint(problems) != "[]" && !strings.Contains(fmt.Sprint(problems), c.problem) || (c.problem != "") != (len(problems) == 1) {
			t.Errorf("Find(%v, %v) = %v, %v", c.paths, c.except, got, problems)
		}
	}
	if _, problems := Find(at("a/.hidden/.."), at("a")...); len(problems) != 1 || !errors.Is(problems[0].Err, ErrNoImages) {
		t.Errorf("problems %v", problems)
	}
}
