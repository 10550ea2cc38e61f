package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/quote"
	"github.com/msflow-go/msflow/datasets"
)

// divideAsRun divides the data as the run did, whatever has come to the folder since. Files that are missing or changed are
// an error where they are needed, as training or as test images, and a note elsewhere.
func divideAsRun(ctx context.Context, data *datasets.Data, v *datasets.Division, log io.Writer, training, testing bool) error {
	c, err := data.Divide(ctx, *v)
	if err != nil {
		return fmt.Errorf("comparing the data with the run's: %w", err)
	}
	isTest := map[string]bool{}
	for _, e := range v.Test {
		isTest[e.Name] = true
	}
	var broken []string
	for what, names := range map[string][]string{"missing": c.Missing, "changed": c.Changed} {
		for _, test := range []bool{false, true} {
			part := pick(names, func(name string) bool { return isTest[name] == test })
			if len(part) == 0 {
				continue
			}
			text := fmt.Sprintf("%d %s images are %s since the training began: %s", len(part), map[bool]string{false: "training", true: "test"}[test], what, few(part))
			if test && testing || !test && training {
				broken = append(broken, text)
			} else {
				fmt.Fprintf(log, "note: %s\n", text)
			}
		}
	}
	if len(c.Added) > 0 {
		fmt.Fprintf(log, "note: %d images were added since the training began and are left out: %s\n", len(c.Added), few(c.Added))
	}
	if len(broken) > 0 {
		return fmt.Errorf("%s: these are not the data of the run: %s", quote.Name(data.Name), strings.Join(broken, "; "))
	}
	return nil
}

func pick(names []string, wanted func(string) bool) (out []string) {
	for _, name := range names {
		if wanted(name) {
			out = append(out, name)
		}
	}
	return out
}

// few spells out some names and counts the others.
func few(names []string) string {
	const most = 10
	var shown []string
	for _, name := range names[:min(most, len(names))] {
		shown = append(shown, quote.Name(name))
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
