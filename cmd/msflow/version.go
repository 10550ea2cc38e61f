package main

import "runtime/debug"

// release is the version that CHANGELOG.md tells of.
const release = "0.9.0"

// version is the release, with the commit that the program was built from where that is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return release + "+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return release
}
