package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"strings"
)

// sbomName is the file's name by CycloneDX's rule.
const sbomName = "cdx.json"

// The parts of CycloneDX 1.5 that are filled in.
type (
	bom struct {
		Format      string      `json:"bomFormat"`
		SpecVersion string      `json:"specVersion"`
		Version     int         `json:"version"`
		Metadata    metadata    `json:"metadata"`
		Components  []component `json:"components"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type     string    `json:"type"`
		Ref      string    `json:"bom-ref"`
		Name     string    `json:"name"`
		Version  string    `json:"version"`
		PURL     string    `json:"purl"`
		Hashes   []hash    `json:"hashes,omitempty"`
		Licences []licence `json:"licenses,omitempty"`
	}
	hash struct {
		Alg     string `json:"alg"`
		Content string `json:"content"`
	}
	licence struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
)

// sbom lists the modules that a program was linked from, and the Go that linked it, by what Go wrote into the program itself.
func sbom(path, version string, program []byte) ([]byte, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading what is in the program: %w", err)
	}
	self := module("application", info.Main.Path, version)
	self.Hashes = []hash{{"SHA-256", fmt.Sprintf("%x", sha256.Sum256(program))}}
	self.Licences = make([]licence, 1)
	self.Licences[0].Licence.ID = "Apache-2.0"
	out := bom{"CycloneDX", "1.5", 1, metadata{self}, []component{module("library", "std", strings.TrimPrefix(info.GoVersion, "go"))}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		out.Components = append(out.Components, module("library", m.Path, m.Version))
	}
	text, err := json.MarshalIndent(out, "", "  ")
	return append(text, '\n'), err
}

func module(kind, path, version string) component {
	purl := "pkg:golang/" + path + "@" + version
	return component{Type: kind, Ref: purl, Name: path, Version: version, PURL: purl}
}
