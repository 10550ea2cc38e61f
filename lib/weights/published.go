package weights

import (
	"fmt"
	"slices"
)

// Entry is one published file with the weights of a backbone, trained on ImageNet.
type Entry struct {
	Name    string // the backbone's, such as "wide_resnet50_2"
	File    string // the file's name where others keep it too
	URL     string // empty when the weights are inside the program
	SHA256  string // hexadecimal; at least the 8 digits that the file's name ends in
	License string
	// HuggingFace is the model's repository there, for files in its local cache.
	HuggingFace string
	// Page is where a person gets a file that is not downloaded, because its digest is not known here or its licence has
	// to be accepted. Such an entry has no file, URL and digest.
	Page string
}

const (
	torchModels = "https://download.pytorch.org/models/"
	timmPages   = "https://huggingface.co/timm/"
	bsd         = "BSD-3-Clause"
	apache      = "Apache-2.0"
	dinov3      = "DINOv3 License"
)

// published lists the preferred file of each backbone first. The short digest is all that torchvision publishes; the long
// ones are what the files have.
var published = []Entry{
	{Name: "efficientnet_lite0", File: "efficientnet-lite0-57934424.pth", License: "Apache-2.0",
		SHA256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"},
	torchvision("resnet18", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"),
	torchvision("resnet18", "5c106cde386e87d4033832f2996f5493238eda96ccf559d1d62760c4de0613f8"),
	torchvision("resnet34", "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f"),
	torchvision("resnet34", "333f7ec4c6338da2cbed37f1fc0445f9624f1355633fa1d7eab79a91084c6cef"),
	torchvision("resnet50", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"),
	torchvision("resnet50", "19c8e3572231adff6824a2da93fd67b5986919a2e65f8b6007eab4edee220097"),
	torchvision("resnext50_32x4d", "7cdf4587"),
	torchvision("wide_resnet50_2", "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8"),
	{Name: "wide_resnet50_2", File: "wide_resnet50_2.tv_in1k.safetensors", License: bsd,
		URL:         "https://huggingface.co/timm/wide_resnet50_2.tv_in1k/resolve/main/model.safetensors",
		HuggingFace: "timm/wide_resnet50_2.tv_in1k",
		SHA256:      "df6fb6c4824769769de18e14088475fd6ee94236849aa4e5d8022ba9d9a9a16c"},
	byHand("vit_small_patch16_224", "augreg_in21k_ft_in1k", apache),
	byHand("vit_base_patch16_224", "augreg2_in21k_ft_in1k", apache),
	byHand("vit_small_patch16_224.dino", "", apache),
	byHand("vit_base_patch16_224.dino", "", apache),
	byHand("vit_small_patch14_dinov2", "lvd142m", apache),
	byHand("vit_base_patch14_dinov2", "lvd142m", apache),
	byHand("vit_small_patch14_reg4_dinov2", "lvd142m", apache),
	byHand("vit_base_patch14_reg4_dinov2", "lvd142m", apache),
	byHand("vit_small_patch16_dinov3", "lvd1689m", dinov3),
	byHand("vit_base_patch16_dinov3", "lvd1689m", dinov3),
}

// byHand is a model of timm's page there: its name, followed by the name of what it was trained on if that is no part of
// the backbone's name.
func byHand(name, trained, license string) Entry {
	page := timmPages + name
	if trained != "" {
		page += "." + trained
	}
	return Entry{Name: name, Page: page, License: license}
}

// torchvision's files carry the start of their SHA-256 in their names.
func torchvision(name, sha256 string) Entry {
	file := name + "-" + sha256[:8] + ".pth"
	return Entry{Name: name, File: file, URL: torchModels + file, SHA256: sha256, License: bsd}
}

// Published lists the files that Find knows, the preferred one of each backbone first, and after them the backbones whose
// weights a person has to get.
func Published() []Entry { return slices.Clone(published) }

// entriesOf lists the files of one backbone.
func entriesOf(name string) ([]Entry, error) {
	var found []Entry
	var names []string
	for _, e := range published {
		if e.Name == name {
			found = append(found, e)
		}
		if !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no weights are published for backbone %q; known are %v", name, names)
	}
	return found, nil
}
