package notebook

import (
	"fmt"
	"go/parser"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

// Parameter is a variable of the cell tagged "parameters" with the value to give it: the text itself for a string, a
// duration such as 90s, any Go expression for the others.
type Parameter struct{ Name, Value string }

// ParseParameter reads name=value.
func ParseParameter(text string) (Parameter, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return Parameter{}, &ParameterError{text, "write it as name=value"}
	}
	return Parameter{name, value}, nil
}

// ParameterError is a parameter that the notebook cannot take.
type ParameterError struct{ Parameter, Reason string }

func (e *ParameterError) Error() string {
	return fmt.Sprintf("parameter %s: %s", e.Parameter, e.Reason)
}

// inject puts a cell for the parameters after the one tagged so, in the place of an earlier run's.
func inject(n *Notebook, parameters []Parameter) error {
	n.Cells = slices.DeleteFunc(n.Cells, func(c *Cell) bool { return c.Tagged(InjectedTag) })
	if len(parameters) == 0 {
		return nil
	}
	at := slices.IndexFunc(n.Cells, func(c *Cell) bool { return c.Type == Code && c.Tagged(ParametersTag) })
	if at < 0 {
		return &ParameterError{parameters[0].Name, `the notebook has no cell tagged "parameters"`}
	}
	n.Cells = slices.Insert(n.Cells, at+1, NewCode("").tag(InjectedTag))
	n.Cells[at+1].ID = "injected-parameters"
	return nil
}

// assignments is the source of the injected cell, given the variables that the parameters' own cell declared.
func assignments(parameters []Parameter, known []engine.Variable) (string, error) {
	var b strings.Builder
	b.WriteString("// Parameters of this run.\n")
	for _, p := range parameters {
		i := slices.IndexFunc(known, func(v engine.Variable) bool { return v.Name == p.Name })
		if i < 0 {
			return "", &ParameterError{p.Name, "the notebook has no such parameter; it has " + names(known)}
		}
		value, err := literal(p.Value, known[i].Type)
		if err != nil {
			return "", &ParameterError{p.Name, err.Error()}
		}
		fmt.Fprintf(&b, "%s = %s\n", p.Name, value)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// declaredIn are the variables of the cell with this count.
func declaredIn(count int, all []engine.Variable) []engine.Variable {
	return slices.DeleteFunc(all, func(v engine.Variable) bool { return v.Cell != count || v.Kind != "var" })
}

func names(known []engine.Variable) string {
	var list []string
	for _, v := range known {
		list = append(list, v.Name)
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// literal is a parameter's text as Go source of the type.
func literal(text, kind string) (string, error) {
	var err error
	given := text
	switch kind {
	case "string":
		return strconv.Quote(text), nil
	case "bool":
		var b bool
		b, err = strconv.ParseBool(text)
		text = strconv.FormatBool(b)
	case "int", "int8", "int16", "int32", "int64":
		_, err = strconv.ParseInt(text, 0, 64)
	case "uint", "uint8", "uint16", "uint32", "uint64":
		_, err = strconv.ParseUint(text, 0, 64)
	case "float64", "float32":
		var v float64
		if v, err = strconv.ParseFloat(text, 64); math.IsNaN(v) || math.IsInf(v, 0) {
			err = strconv.ErrRange
		}
	case "time.Duration":
		var d time.Duration
		d, err = time.ParseDuration(text)
		text = fmt.Sprintf("%d // %s", d, given)
	default:
		if _, parsing := parser.ParseExpr(text); parsing != nil {
			return "", fmt.Errorf("%q is not a Go expression, for a value of type %s", text, kind)
		}
	}
	if err != nil {
		return "", fmt.Errorf("%q is not a value of type %s", given, kind)
	}
	return text, nil
}
