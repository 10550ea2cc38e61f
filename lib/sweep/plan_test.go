package sweep

import (
	"errors"
	"strings"
	"testing"
)

// checks know the flags of the tests.
var checks = Checks{Flag: checkFlag, Point: func(p Point) error {
	if p.Flags["model"] == "knn" && p.Flags["blocks"] != "" {
		return errors.New("--blocks says nothing to --model knn")
	}
	return nil
}}

func checkFlag(command, flag, value string) error {
	if command == "predict" && flag != "maps" {
		return errors.New("no such flag of predict")
	}
	if flag == "seed" && strings.Trim(value, "0123456789") != "" {
		return errors.New("not a number")
	}
	for _, known := range []string{"dataset", "class", "model", "seed", "size", "blocks", "maps"} {
		if flag == known {
			return nil
		}
	}
	return errors.New("no such flag")
}

func TestPlan(t *testing.T) {
	plan, err := Parse("p.yaml", []byte(`
grid:
  class: [gear, fabric]
  seed: [1, 2, 3]
flags: {size: 64, blocks: "1,1,1"}
points:
  - {class: wood, size: 128}
  - {class: gear, seed: 1}
`), checks)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Points) != 7 { // the last is one of the grid
		t.Fatalf("%d points", len(plan.Points))
	}
	if p := plan.Points[1].Flags; p["class"] != "gear" || p["seed"] != "2" || p["size"] != "64" || p["blocks"] != "1,1,1" {
		t.Errorf("the second point is %v", p)
	}
	if p := plan.Points[6].Flags; p["class"] != "wood" || p["size"] != "128" {
		t.Errorf("the last point is %v", p)
	}
	if args := strings.Join(plan.Points[6].Args(), " "); args != "--blocks=1,1,1 --class=wood --size=128" {
		t.Errorf("arguments %s", args)
	}
}

// Several grids stand in one plan, so that models with different flags do.
func TestSeveralGrids(t *testing.T) {
	plan, err := Parse("p.yaml", []byte("grid:\n  - {model: msflow, blocks: [1, 2]}\n  - {model: [knn, padim], class: [a, b]}\npoints: [{seed: 1}]\n"), checks)
	if err != nil || len(plan.Points) != 2+4+1 || plan.Points[6].Flags["seed"] != "1" {
		t.Errorf("%+v, %v", plan, err)
	}
}

// Every shard of every detector is a point.
func TestShards(t *testing.T) {
	plan, err := Parse("p.yaml", []byte("predict: {run: [runs/a, runs/b], images: list.txt, shards: 3, maps: false}\n"), checks)
	if err != nil || len(plan.Points) != 6 {
		t.Fatalf("%+v, %v", plan, err)
	}
	p := plan.Points[4]
	if p.Command != "predict" || p.Flags["run"] != "runs/b" || p.Flags["shard"] != "2/3" || strings.Join(p.Args(), " ") != "--maps=false --shard=2/3" {
		t.Errorf("%+v with %v", p, p.Args())
	}
	if name := p.Name(); !strings.HasPrefix(name, "predict-runs_b-2_3-") {
		t.Error(name)
	}
}

// What is wrong with a plan is said with file, line and key, all at once.
func TestPlanErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", []string{"p.yaml: the plan is empty"}},
		{"grid: {}\npoints: []\n", []string{"no points"}},
		{"grid:\n  seed: [1, x]\n  sede: 1\nflags:\n  class: [a, b]\n", []string{"p.yaml:2: seed: not a number", "p.yaml:3: sede: no such flag", "p.yaml:5: class: a list"}},
		{"grid:\n  seed: []\n", []string{"p.yaml:2: seed: the list is empty"}},
		{"grid:\n  seed: 1\n  seed: 2\n", []string{"p.yaml:3: seed: given twice"}},
		{"grid:\n  class: ~\n", []string{"p.yaml:2: class"}},
		{"gird:\n  seed: 1\n", []string{"p.yaml:2: gird: unknown"}},
		{"grid: [1]\n", []string{"p.yaml:1: grid must be a mapping"}},
		{"points: 3\n", []string{"p.yaml:1: points must be a list"}},
		{"points:\n  - 3\n", []string{"p.yaml:2: a point must be a mapping"}},
		{"grid:\n  seed: {a: 1}\n", []string{"p.yaml:2: seed"}},
		{"grid:\n  model: [msflow, knn]\n  blocks: 2\n  seed: [1, 2]\n", []string{"p.yaml:3: blocks: --blocks says nothing to --model knn"}},
		{"grid:\n  - {seed: 1}\n  - {model: knn,\n     blocks: 1}\n", []string{"p.yaml:4: blocks: --blocks"}},
		{"grid:\n  - {seed: 1}\n  - {seed: x}\n", []string{"p.yaml:3: seed: not a number"}},
		{"predict: {run: a, images: b,\n  shards: 0}\n", []string{"p.yaml:2: shards: \"0\""}},
		{"predict: {run: a, shards: 2}\n", []string{"p.yaml:1: predict: it needs images"}},
		{"predict:\n  run: a\n  images: b\n  size: 3\n", []string{"p.yaml:4: size: no such flag of predict"}},
		{"grid:\n\tseed: 1\n", []string{"p.yaml", "line 2"}},
		{"grid:\n  seed: 1\n---\ngrid:\n  seed: 2\n", []string{"p.yaml:3: a second YAML document"}},
		{"grid:\n  seed: 1\n--- [\n", []string{"p.yaml", "line 3"}},
		{"- 1\n", []string{"p.yaml:1: the plan must be a mapping"}},
	} {
		_, err := Parse("p.yaml", []byte(c.text), checks)
		if err == nil {
			t.Errorf("%q was taken", c.text)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v; want %q", c.text, err, want)
			}
		}
	}
}

func TestHugeGridIsRefused(t *testing.T) {
	list := "[" + strings.Repeat("1,", 999) + "1]"
	_, err := Parse("p.yaml", []byte("grid:\n  seed: "+list+"\n  size: "+list+"\n"), checks)
	if err == nil || !strings.Contains(err.Error(), "100000") {
		t.Error(err)
	}
}

// A point's name follows from its content alone, is fit for every file system, and differs where any flag does.
func TestPointNames(t *testing.T) {
	a := Point{Flags: map[string]string{"class": "gear", "seed": "1", "blocks": "1,1,1"}}
	b := Point{Flags: map[string]string{"class": "gear", "seed": "1", "blocks": "2,1,1"}}
	if a.Name() == b.Name() || !strings.HasPrefix(a.Name(), "gear-1-") {
		t.Errorf("%s and %s", a.Name(), b.Name())
	}
	c := Point{Flags: map[string]string{"class": "../x y/" + strings.Repeat("é", 300)}}
	if name := c.Name(); len(name) > 100 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != "" {
		t.Errorf("%q", name)
	}
	if d := (Point{Flags: map[string]string{"class": "../x y/" + strings.Repeat("é", 300), "seed": "0"}}); d.Name() == c.Name() {
		t.Error("a further flag does not change the name")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("grid:\n  seed: [1, 2]\nflags: {size: 64}\n")
	f.Add("points:\n  - &a {seed: 1}\n  - *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := Parse("p.yaml", []byte(text), checks)
		if err == nil && len(plan.Points) == 0 {
			t.Errorf("%q: no points and no error", text)
		}
	})
}
