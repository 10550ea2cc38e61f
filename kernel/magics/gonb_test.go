package magics

import (
	"strings"
	"testing"
)

func TestCellsOfGoNB(t *testing.T) {
	run, _ := start(t)
	out, err := run("import \"fmt\"\n\nfunc hello() string { return \"hello\" }\n\n%%\nfmt.Println(hello())")
	if err != nil || out.text != "hello\n" {
		t.Errorf("%q, %v", out.text, err)
	}
	if out, err = run("%autoget\n%main\nfmt.Println(hello())"); err != nil || out.text != "hello\n" {
		t.Errorf("%q, %v", out.text, err)
	}
	if out, err = run("%ls"); err != nil || !strings.Contains(out.text, "hello") {
		t.Errorf("%q, %v", out.text, err)
	}
	if out, err = run("%% -n 3\nfmt.Println(os.Args[1:])"); err != nil || out.text != "[-n 3]\n" {
		t.Errorf("%q, %v", out.text, err)
	}
	for code, want := range map[string]string{"%remove hello": "%rm NAME", "%wasm": "widgets", "!*ls": "%get MODULE@VERSION", "%nothing": "no such command"} {
		if _, err := run(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestDisplayOfGoNB(t *testing.T) {
	run, _ := start(t)
	out, err := run(`import "github.com/janpfeifer/gonb/gonbui"
gonbui.DisplayHTML("<b>x</b>")
gonbui.DisplayMarkdown("*x*")
id := gonbui.UniqueID()
gonbui.UpdateHTML(id, "one")
gonbui.UpdateHTML(id, "two")
gonbui.IsNotebook`)
	if err != nil || len(out.displays) != 4 || len(out.values) != 1 || out.values[0] != true {
		t.Fatalf("%d displays, %v, %v", len(out.displays), out.values, err)
	}
	if made, changed := out.displays[2], out.displays[3]; made.ID == "" || made.ID != changed.ID || made.Update || !changed.Update {
		t.Errorf("%+v, %+v", made, changed)
	}
}
