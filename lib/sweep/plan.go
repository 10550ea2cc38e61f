package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Plan is what a plan's file says.
type Plan struct {
	Points []Point // in the order of the file, those of the grid first; the last key of the grid changes fastest
}

// maxPoints bounds a plan: a slip of the pen should not make a million folders.
const maxPoints = 100_000

// Parse reads a plan. file names it in errors, which also name line and key. check is asked for every flag of `msflow train`
// with its value; its error is given the place.
func Parse(file string, text []byte, check func(flag, value string) error) (*Plan, error) {
	p := &parser{file: file, check: check}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s: the plan is empty", file)
	}
	plan := p.plan(doc.Content[0])
	if len(p.errs) == 0 && len(plan.Points) == 0 {
		p.errs = append(p.errs, fmt.Errorf("%s: the plan has no points; it needs grid or points", file))
	}
	return plan, errors.Join(p.errs...)
}

// parser collects everything that is wrong with a plan, so that a user mends it in one go.
type parser struct {
	file  string
	check func(flag, value string) error
	errs  []error
}

func (p *parser) wrong(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, n.Line, fmt.Sprintf(format, args...)))
}

// setting is a flag with its values.
type setting struct {
	flag   string
	values []string
}

func (p *parser) plan(n *yaml.Node) *Plan {
	plan := &Plan{}
	var grid, shared []setting
	var points [][]setting
	p.fields(n, "the plan", func(key string, value *yaml.Node) {
		switch key {
		case "grid":
			grid = p.settings(value, "grid", true)
		case "flags":
			shared = p.settings(value, "flags", false)
		case "points":
			points = p.points(value)
		default:
			p.wrong(value, "%s: unknown; a plan has grid, flags and points", key)
		}
	})
	if len(p.errs) > 0 {
		return plan
	}
	if grid != nil {
		points = append(combinations(grid, p, n), points...)
	}
	seen := map[string]bool{}
	for _, settings := range points {
		point := Point{Flags: map[string]string{}}
		for _, s := range append(slices.Clone(shared), settings...) {
			point.Flags[s.flag] = s.values[0]
		}
		if name := point.Name(); !seen[name] {
			seen[name] = true
			plan.Points = append(plan.Points, point)
		}
	}
	return plan
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
		out = append(out, p.settings(one, "a point", false))
	}
	return out
}

// settings reads flags with one value each, or with lists where lists may be.
func (p *parser) settings(n *yaml.Node, what string, lists bool) (out []setting) {
	p.fields(n, what, func(key string, value *yaml.Node) {
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		s := setting{flag: key}
		switch {
		case value.Kind == yaml.ScalarNode:
			s.values = []string{p.scalar(key, value)}
		case value.Kind == yaml.SequenceNode && lists:
			for _, v := range value.Content {
				s.values = append(s.values, p.scalar(key, v))
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
func (p *parser) scalar(key string, n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		p.wrong(n, "%s: it needs a plain value", key)
		return ""
	}
	if err := p.check(key, n.Value); err != nil {
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
				next = append(next, append(slices.Clone(start), setting{s.flag, []string{v}}))
			}
		}
		out = next
	}
	return out
}
