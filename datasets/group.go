package datasets

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// Groups tells which images show the same physical part: pattern is a regular expression, and what its first
// parenthesised group matches in an image's name (the whole match if it has none) names the part. A name that does not
// match is a part of its own. A division that the package makes itself, and HoldOut, never put one part on both sides: a
// detector that has seen a part recognises it, and its figures say how well it remembers, not how well it detects.
func Groups(pattern string) Option {
	return func(s *settings) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			s.fail("the pattern of the groups: %w", err)
			return
		}
		s.group = re
	}
}

// Parts names the physical part that each sample shows: its Group, or its own name where that is empty.
func (s Set) Parts() []string {
	parts := make([]string, len(s))
	for i, sample := range s {
		parts[i] = partOf(sample)
	}
	return parts
}

func partOf(s Sample) string {
	if s.Group == "" {
		return s.Name
	}
	return s.Group
}

// grouped tells whether some sample's part is known.
func (s Set) grouped() bool {
	return slices.ContainsFunc(s, func(sample Sample) bool { return sample.Group != "" })
}

// byPart lists the places of each part's samples, the parts in the order in which they first appear.
func (s Set) byPart() (names []string, places [][]int) {
	at := map[string]int{}
	for i, part := range s.Parts() {
		k, seen := at[part]
		if !seen {
			k = len(names)
			at[part] = k
			names, places = append(names, part), append(places, nil)
		}
		places[k] = append(places[k], i)
	}
	return names, places
}

// setGroups names the parts of the samples by the pattern, if there is one. It returns an error if no name matches.
func (s settings) setGroups(sets ...Set) error {
	if s.group == nil {
		return nil
	}
	images, matched := 0, 0
	for _, set := range sets {
		for i := range set {
			set[i].Group = ""
			if m := s.group.FindStringSubmatch(set[i].Name); m != nil {
				set[i].Group = m[min(1, len(m)-1)]
				matched++
			}
			images++
		}
	}
	if matched == 0 && images > 0 {
		return fmt.Errorf("the pattern %q of the groups matches in no image's name, such as %s", s.group, Printable(sets[0][0].Name))
	}
	return nil
}

// divide puts about n randomly chosen samples into first and the others into second, whole parts at a time, and none of
// the barred parts into first. It takes the parts in random order and leaves out those that would miss n by more than what
// is there does. If there are two parts or more, second gets at least one.
func (s Set) divide(n int, seed int64, barred map[string]bool) (first, second Set) {
	names, places := s.byPart()
	inFirst := make([]bool, len(s))
	taken, last := 0, []int(nil)
	free := slices.DeleteFunc(sequence(len(names)), func(k int) bool { return barred[names[k]] })
	for _, k := range splitmix.New(uint64(seed)).Perm(len(free)) {
		part := places[free[k]]
		if taken+len(part)-n > n-taken {
			continue
		}
		taken, last = taken+len(part), part
		mark(inFirst, part, true)
	}
	if n < len(s) && taken == len(s) && len(last) < taken {
		mark(inFirst, last, false)
	}
	for i, sample := range s {
		if inFirst[i] {
			first = append(first, sample)
		} else {
			second = append(second, sample)
		}
	}
	return first, second
}

func sequence(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func mark(flags []bool, places []int, value bool) {
	for _, i := range places {
		flags[i] = value
	}
}

// partsOf is the set of the parts' names.
func partsOf(sets ...Set) map[string]bool {
	found := map[string]bool{}
	for _, set := range sets {
		for _, part := range set.Parts() {
			found[part] = true
		}
	}
	return found
}

// seen counts the samples of set whose part is among parts.
func (s Set) seen(parts map[string]bool) int {
	n := 0
	for _, part := range s.Parts() {
		if parts[part] {
			n++
		}
	}
	return n
}

// anomalous is the anomalous part of the set.
func (s Set) anomalous() Set {
	return slices.DeleteFunc(slices.Clone(s), func(sample Sample) bool { return !sample.Anomalous })
}
