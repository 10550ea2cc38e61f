package repl

import (
	"regexp"
	"strings"
)

// prompted matches the prompts of sessions that people copy: this one and IPython's, Python's, gore's and gomacro's.
var prompted = regexp.MustCompile(`^(?:In \[\d+\]: ?|\s*\.\.\.: ?|>>> ?|\.\.\. ?|>> |gore> |gomacro> )`)

// stripPrompts turns a copied session into what was typed in it: when its first line begins with a prompt, the prompts are
// taken off and the lines without one, which are output, are left out. Other text stays as it is.
func stripPrompts(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	first := strings.TrimLeft(lines[0], " \t")
	if p := prompted.FindString(first); p == "" || strings.HasPrefix(p, "...") {
		return s
	}
	margin := len(lines[0]) - len(first)
	var kept []string
	for _, line := range lines {
		line = line[min(margin, len(line)-len(strings.TrimLeft(line, " \t"))):]
		if p := prompted.FindString(line); p != "" {
			kept = append(kept, line[len(p):])
		} else if p := prompted.FindString(line + " "); p != "" { // an editor has cut the blank off
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "\n")
}
