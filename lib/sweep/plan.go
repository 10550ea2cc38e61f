package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Plan is what a plan's file says.
type Plan struct {
	Points []Point // in the order of the file, those of the grids first; the last key of a grid changes fastest
}

// maxPoints bounds a plan: a slip of the pen should not make a million folders.
const maxPoints = 100_000

// Checks are asked about what a plan says; nil ones take everything. Their errors are given line and key.
type Checks struct {
	Flag  func(command, flag, value string) error // a flag of `msflow train` or `msflow predict` with its value
	Point func(p Point) error                     // the flags of a point together
}

// Parse reads a plan. file names it in errors, which also name line and key.
func Parse(file string, text []byte, checks Checks) (*Plan, error) {
	p := &parser{file: file, checks: checks}
	var doc, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&doc); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	switch err := documents.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second YAML document begins here; a plan is one", file, second.Line)
	case err != io.EOF:
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s: the plan is empty", file)
	}
	plan := p.plan(doc.Content[0])
	if len(p.errs) == 0 && len(plan.Points) == 0 {
		p.errs = append(p.errs, fmt.Errorf("%s: the plan has no points; it needs grid, points or predict", file))
	}
	return plan, errors.Join(p.errs...)
}

// parser collects everything that is wrong with a plan, so that a user mends it in one go.
type parser struct {
	file   string
	checks Checks
	errs   []error
}

func (p *parser) wrong(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

// setting is a flag with its values, and where it stands.
type setting struct {
	flag   string
	values []string
	at     *yaml.Node
}

func (p *parser) plan(n *yaml.Node) *Plan {
	plan := &Plan{}
	var shared []setting
	var points [][]setting
	var shards []Point
	p.fields(n, "the plan", func(key string, value *yaml.Node) {
		switch key {
		case "grid":
			points = append(p.grids(value), points...)
		case "flags":
			shared = p.settings(value, train, "flags", false)
		case "points":
			points = append(points, p.points(value)...)
		case "predict":
			shards = p.predictions(value)
		default:
			p.wrong(value, "%s: unknown; a plan has grid, flags, points and predict", key)
		}
	})
	if len(p.errs) > 0 {
		return plan
	}
	seen, said := map[string]bool{}, map[string]bool{}
	for _, settings := range points {
		settings = append(slices.Clone(shared), settings...)
		point := Point{Flags: map[string]string{}}
		for _, s := range settings {
			point.Flags[s.flag] = s.values[0]
		}
		if name := point.Name(); !seen[name] {
			seen[name] = true
			plan.Points = append(plan.Points, point)
			p.checkPoint(point, settings, said)
		}
	}
	plan.Points = append(plan.Points, shards...)
	return plan
}

// checkPoint puts what is wrong with a point to the line of the flag that the error names, each time once.
func (p *parser) checkPoint(point Point, settings []setting, said map[string]bool) {
	if p.checks.Point == nil {
		return
	}
	err := p.checks.Point(point)
	if err == nil {
		return
	}
	last, first := settings[len(settings)-1], len(err.Error())
	for _, s := range settings {
		if i := strings.Index(err.Error(), "--"+s.flag); i >= 0 && i <= first {
			last, first = s, i
		}
	}
	if text := fmt.Sprintf("%d %v", last.at.Line, err); !said[text] {
		said[text] = true
		p.wrong(last.at, "%s: %v (the point %s)", last.flag, err, point.Name())
	}
}

// grids reads one grid or a list of them.
func (p *parser) grids(n *yaml.Node) (out [][]setting) {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, one := range list {
		if grid := p.settings(one, train, "grid", true); grid != nil && len(p.errs) == 0 {
			out = append(out, combinations(grid, p, one)...)
		}
	}
	return out
}

// fields calls do for every key of a mapping.
func (p *parser) fields(n *yaml.Node, what string, do func(key string, value *yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "%s must be a mapping of keys to values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if seen[key] {
			p.wrong(n.Content[i], "%s: given twice", key)
			continue
		}
		seen[key] = true
		do(key, n.Content[i+1])
	}
}

func (p *parser) points(n *yaml.Node) (out [][]setting) {
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "points must be a list")
		return nil
	}
	for _, one := range n.Content {
		out = append(out, p.settings(one, train, "a point", false))
	}
	return out
}

// settings reads flags with one value each, or with lists where lists may be.
func (p *parser) settings(n *yaml.Node, command, what string, lists bool) (out []setting) {
	p.fields(n, what, func(key string, value *yaml.Node) {
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		s := setting{flag: key, at: value}
		switch {
		case value.Kind == yaml.ScalarNode:
			s.values = []string{p.scalar(command, key, value)}
		case value.Kind == yaml.SequenceNode && lists:
			for _, v := range value.Content {
				s.values = append(s.values, p.scalar(command, key, v))
			}
			if len(s.values) == 0 {
				p.wrong(value, "%s: the list is empty, so there would be no point at all", key)
			}
		case value.Kind == yaml.SequenceNode && key != "":
			p.wrong(value, "%s: a list; lists of values stand in grid, and a flag of several numbers is one text such as \"2,5,8\"", key)
		default:
			p.wrong(value, "%s: it takes a value, or in grid a list of values", key)
		}
		out = append(out, s)
	})
	return out
}

// scalar is a value as the command line has it.
func (p *parser) scalar(command, key string, n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		p.wrong(n, "%s: it needs a plain value", key)
		return ""
	}
	if p.checks.Flag == nil {
		return n.Value
	}
	if err := p.checks.Flag(command, key, n.Value); err != nil {
		p.wrong(n, "%s: %s", key, err)
	}
	return n.Value
}

// combinations are all points of a grid.
func combinations(grid []setting, p *parser, at *yaml.Node) [][]setting {
	out := [][]setting{nil}
	for _, s := range grid {
		if len(out)*len(s.values) > maxPoints {
			p.wrong(at, "grid: more than %d points", maxPoints)
			return nil
		}
		var next [][]setting
		for _, start := range out {
			for _, v := range s.values {
				next = append(next, append(slices.Clone(start), setting{s.flag, []string{v}, s.at}))
			}
		}
		out = next
	}
	return out
}
