#!/usr/bin/env python3
"""PyTorch's side of `msflow bench`: the same shapes, threads, flags and JSON fields.

Usage: python bench/peer_torch.py ops|train|infer|backbone [--channels 24,40,112 --sizes 32,16,8 --blocks 2,5,8 --cond 64
--batch 8] [--seconds 3] [--threads 2]

The flow is that of mtd_torch.py (PyTorch + FrEIA). Needs what bench/requirements-torch.txt lists.
"""
import argparse
import json
import re
import resource
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

import mtd_torch

integers = lambda text: [int(v) for v in text.split(",")]


def resident_peak():
    with open("/proc/self/status") as f:
        return int(re.search(r"VmHWM:\s*(\d+) kB", f.read()).group(1)) << 10


def processor_time():
    """What all threads of this process have used."""
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def measure(seconds, images, work, f):
    """Twice to warm up, then for the given time, at least three times."""
    start, took, used, begin = resident_peak(), [], [], time.perf_counter()
    while len(took) < 5 or time.perf_counter() - begin < seconds:
        t, p = time.perf_counter(), processor_time()
        f()
        took.append(time.perf_counter() - t)
        used.append(processor_time() - p)
    took = took[2:]
    median = statistics.median(took)
    return {
        "median_s": median, "min_s": min(took), "processor_s": min(used[2:]), "images_per_s": images / median, "gflops": work / median / 1e9,
        "peak_bytes": resident_peak(), "start_bytes": start, "runs": len(took), "threads": torch.get_num_threads(), "kernel": "torch " + torch.__version__,
    }


def ops(a):
    rows = []
    backward = torch.ops.aten.convolution_backward
    for text in a.shape or ["8,64,32,64", "4,192,32,192", "1,576,16,1024"]:
        b, cin, size, cout = integers(text)
        x, w, dy = torch.randn(b, cin, size, size), torch.randn(cout, cin, 3, 3), torch.randn(b, cout, size, size)
        work = 18 * b * cin * cout * size * size
        forward = lambda: F.conv2d(x, w, padding=1)
        grad = lambda *mask: backward(dy, x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, mask)
        passes = {
            "forward": (1, forward),
            "input": (1, lambda: grad(True, False, False)),
            "weight": (1, lambda: grad(False, True, False)),
            "forward+backward": (3, lambda: (forward(), grad(True, True, False))),
        }
        for name, (times, f) in passes.items():
            with torch.no_grad():
                rows.append({"shape": [b, cin, size, cout], "pass": name, **measure(a.seconds, b, times * work, f)})
    return {"ops": rows}


def flow(a):
    """The model, a batch, and the work of the convolutions of a forward pass (without FrEIA's permutations)."""
    channels, sizes = integers(a.channels), [(s, s) for s in integers(a.sizes)]
    mtd_torch.BLOCKS, mtd_torch.COND = integers(a.blocks), a.cond
    torch.manual_seed(1)
    model = mtd_torch.MSFlow(channels, sizes, 1)
    x = [torch.randn(a.batch, c, *s) for c, s in zip(channels, sizes)]
    work, hooks = [0], []

    def count(layer, _, y):
        work[0] += 2 * y.numel() * layer.weight[0].numel()

    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            hooks.append(m.register_forward_hook(count))
    with torch.no_grad():
        model(x)
    for h in hooks:
        h.remove()
    return model, x, work[0]


def precision(a):
    """What --precision asks for: PyTorch's own mixing of bfloat16 and float32, or nothing."""
    return torch.autocast("cpu", torch.bfloat16, enabled=a.precision == "bf16")


def train(a):
    model, x, work = flow(a)
    opt = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step():
        with precision(a):
            z, logdet = model(x)
        loss = (sum(0.5 * v.float().pow(2).flatten(1).sum(1) for v in z) - logdet).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2)
        opt.step()
        return loss.item()

    return measure(a.seconds, a.batch, 3 * work, step)


def infer(a):
    model, x, work = flow(a)
    model.eval()
    with torch.no_grad(), precision(a):
        return measure(a.seconds, a.batch, work, lambda: model(x))


class Same(nn.Conv2d):
    """TensorFlow's SAME: zeros, the odd one at the end."""

    def forward(self, x):
        pad = []
        for n, k, s in zip(x.shape[:1:-1], self.kernel_size, self.stride):
            total = max(0, (-(-n // s) - 1) * s + k - n)
            pad += [total // 2, total - total // 2]
        if any(pad):
            x = F.pad(x, pad)
        return super().forward(x)


def same(cin, cout, k, stride=1, groups=1, act=True):
    layers = [Same(cin, cout, k, stride, groups=groups, bias=False), nn.BatchNorm2d(cout, eps=1e-3)]
    return layers + [nn.ReLU6(inplace=True)] if act else layers


class Inverted(nn.Module):
    def __init__(self, cin, expand, k, cout, stride):
        super().__init__()
        wide = cin * expand
        layers = same(cin, wide, 1) if expand > 1 else []
        self.body = nn.Sequential(*layers, *same(wide, wide, k, stride, wide), *same(wide, cout, 1, act=False))
        self.add = stride == 1 and cin == cout

    def forward(self, x):
        y = self.body(x)
        return y + x if self.add else y


class Lite0(nn.Module):
    """EfficientNet-Lite0 up to stride 16."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*same(3, 32, 3, 2))
        self.blocks, cin = nn.ModuleList(), 32
        for expand, k, cout, repeat, stride in [(1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1)]:
            for _ in range(repeat):
                self.blocks.append(Inverted(cin, expand, k, cout, stride))
                cin, stride = cout, 1

    def forward(self, x):
        out, x = [], self.stem(x)
        for i, b in enumerate(self.blocks):
            x = b(x)
            if i in (2, 4, 10):
                out.append(x)
        return out


class Bottleneck(nn.Module):
    def __init__(self, cin, width, cout, stride):
        super().__init__()
        conv = lambda a, b, k, s=1: nn.Conv2d(a, b, k, s, k // 2, bias=False, padding_mode="reflect" if k > 1 else "zeros")
        self.conv1, self.bn1 = conv(cin, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, cout, 1), nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential(conv(cin, cout, 1, stride), nn.BatchNorm2d(cout)) if cin != cout or stride > 1 else None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


class WideResNet50(nn.Module):
    """Wide ResNet-50-2 up to stride 16, with the reference's reflecting padding."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False, padding_mode="reflect"), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.layers, cin = nn.ModuleList(), 64
        for depth, width, stride in [(3, 128, 1), (4, 256, 2), (6, 512, 2)]:
            blocks = []
            for i in range(depth):
                blocks.append(Bottleneck(cin, width, 2 * width, stride if i == 0 else 1))
                cin = 2 * width
            self.layers.append(nn.Sequential(*blocks))

    def forward(self, x):
        out, x = [], self.stem(x)
        for layer in self.layers:
            x = layer(x)
            out.append(x)
        return out


NETWORKS = {"efficientnet_lite0": Lite0, "wide_resnet50_2": WideResNet50}


def backbone(a):
    net = NETWORKS[a.backbone]().eval()
    x, work = torch.randn(a.batch, 3, a.size, a.size), [0]

    def count(layer, _, y):
        work[0] += 2 * y.numel() * layer.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad(), precision(a):
        net(x)
        for h in hooks:
            h.remove()
        return measure(a.seconds, a.batch, work[0], lambda: net(x))


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("what", choices=["ops", "train", "infer", "backbone"])
    args.add_argument("--channels", default="24,40,112")
    args.add_argument("--sizes", default="32,16,8")
    args.add_argument("--blocks", default="2,5,8")
    args.add_argument("--cond", type=int, default=64)
    args.add_argument("--batch", type=int, default=8)
    args.add_argument("--shape", action="append")
    args.add_argument("--backbone", default="efficientnet_lite0", choices=NETWORKS)
    args.add_argument("--size", type=int, default=256)
    args.add_argument("--precision", default="f32", choices=["f32", "bf16"], help="of train, infer and backbone")
    args.add_argument("--seconds", type=float, default=3)
    args.add_argument("--threads", type=int, default=2)
    args.add_argument("--json", action="store_true", help="what it always does")
    a = args.parse_args()
    torch.set_num_threads(a.threads)
    result = {"ops": ops, "train": train, "infer": infer, "backbone": backbone}[a.what](a)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
