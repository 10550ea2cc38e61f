"""Computes golden.pth with PyTorch: feature pyramids of networks written here
from their definitions, on made-up weights and images (Fill in ../random.go),
and of EfficientNet-Lite0 with its published weights.

    python3 golden.py efficientnet-lite0-57934424.pth

Each case is NAME.PADDING.HxW.MAP: every 7th value of that map, row by row."""
import os, sys, zlib

import numpy as np
import torch
import torch.nn.functional as F


def fill(name, shape, lo, hi):
    n = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(zlib.crc32(name.encode()))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(11)).astype(np.float64) / 2.0**53
    return torch.tensor((lo + (hi - lo) * u).astype(np.float32)).reshape(shape)


class Weights:
    """Made-up weights by name, in double precision."""

    def __call__(self, name, *shape):
        if len(shape) == 4:
            bound = (6 / np.prod(shape[1:])) ** 0.5
            return fill(name, shape, -bound, bound).double()
        if name.endswith("running_var"):
            return fill(name, shape, 0.8, 1.2).double()
        if name.endswith("weight"):
            return fill(name, shape, 0.5, 0.9).double()
        return fill(name, shape, -0.1, 0.1).double()


class Stored:
    def __init__(self, path):
        self.dict = torch.load(path)

    def __call__(self, name, *shape):
        assert tuple(self.dict[name].shape) == shape, name
        return self.dict[name].double()


def norm(x, get, name, eps):
    c = x.shape[1]
    return F.batch_norm(x, get(name + ".running_mean", c), get(name + ".running_var", c),
                        get(name + ".weight", c), get(name + ".bias", c), False, 0, eps)


def resnet(get, x, padding, depth, bottleneck, groups=1, width=64):
    def conv(x, name, out, k, stride=1, groups=1):
        w = get(name + ".weight", out, x.shape[1] // groups, k, k)
        if k > 1:
            x = F.pad(x, (k // 2,) * 4, "reflect" if padding == "reflect" else "constant")
        return F.conv2d(x, w, None, stride, 0, 1, groups)

    x = F.relu(norm(conv(x, "conv1", 64, 7, 2), get, "bn1", 1e-5))
    x = F.max_pool2d(x, 3, 2, 1)
    for layer in range(3):
        planes = 64 << layer
        for i in range(depth[layer]):
            p, stride = f"layer{layer + 1}.{i}.", 2 if layer > 0 and i == 0 else 1
            if bottleneck:
                wide = planes * width // 64 * groups
                y = F.relu(norm(conv(x, p + "conv1", wide, 1), get, p + "bn1", 1e-5))
                y = F.relu(norm(conv(y, p + "conv2", wide, 3, stride, groups), get, p + "bn2", 1e-5))
                y = norm(conv(y, p + "conv3", 4 * planes, 1), get, p + "bn3", 1e-5)
            else:
                y = F.relu(norm(conv(x, p + "conv1", planes, 3, stride), get, p + "bn1", 1e-5))
                y = norm(conv(y, p + "conv2", planes, 3), get, p + "bn2", 1e-5)
            if x.shape != y.shape:
                x = norm(conv(x, p + "downsample.0", y.shape[1], 1, stride), get, p + "downsample.1", 1e-5)
            x = F.relu(x + y)
        yield x


def lite0(get, x):
    mean, dev = (torch.tensor(v).double()[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    x = ((x * dev + mean) * 255 - 127) / 128

    def conv(x, name, out, k, stride=1, groups=1):
        pad = []
        for n in reversed(x.shape[2:]):
            total = max((-(-n // stride) - 1) * stride + k - n, 0)
            pad += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pad), get(name + ".weight", out, x.shape[1] // groups, k, k), None, stride, 0, 1, groups)

    x = F.relu6(norm(conv(x, "_conv_stem", 32, 3, 2), get, "_bn0", 1e-3))
    n = 0
    for expand, k, out, repeat, first in ((1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1)):
        for i in range(repeat):
            p, stride, wide, y = f"_blocks.{n}.", first if i == 0 else 1, x.shape[1] * expand, x
            if expand > 1:
                y = F.relu6(norm(conv(y, p + "_expand_conv", wide, 1), get, p + "_bn0", 1e-3))
            y = F.relu6(norm(conv(y, p + "_depthwise_conv", wide, k, stride, wide), get, p + "_bn1", 1e-3))
            y = norm(conv(y, p + "_project_conv", out, 1), get, p + "_bn2", 1e-3)
            x = x + y if stride == 1 and x.shape[1] == out else y
            if n in (2, 4, 10):
                yield x
            n += 1


def main():
    made, stored = Weights(), Stored(sys.argv[1])
    nets = {
        "efficientnet_lite0": lambda x, padding: lite0(stored, x),
        "resnet18": lambda x, padding: resnet(made, x, padding, (2, 2, 2), False),
        "resnet34": lambda x, padding: resnet(made, x, padding, (3, 4, 6), False),
        "resnet50": lambda x, padding: resnet(made, x, padding, (3, 4, 6), True),
        "resnext50_32x4d": lambda x, padding: resnet(made, x, padding, (3, 4, 6), True, 32, 4),
    }
    cases = [("efficientnet_lite0", "", s) for s in ((32, 32), (33, 47), (50, 64), (63, 34))]
    cases += [("resnet18", "zero", (33, 47)), ("resnet34", "reflect", (47, 33)), ("resnet50", "reflect", (33, 47)),
              ("resnext50_32x4d", "reflect", (33, 47)), ("resnext50_32x4d", "zero", (32, 40))]
    golden = {}
    for name, padding, (h, w) in cases:
        x = fill("image", (1, 3, h, w), -2, 2).double()
        for i, f in enumerate(nets[name](x, padding)):
            golden[f"{name}.{padding}.{h}x{w}.{i}"] = f.flatten()[::7].float().clone()
    torch.save(golden, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.pth"))


main()
