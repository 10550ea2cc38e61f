#!/usr/bin/env python3
"""PyTorch's side of `msflow bench device`: the same detector on the same GPU, with the same JSON fields.

Usage: python bench/peer_torch_gpu.py train-images|train-features|infer [--mode eager|amp|compile] [--size 512] [--batch 16]

Modes: eager computes in float32 with TF32 convolutions and matrix products, amp adds bfloat16 autocast and channels_last,
compile adds torch.compile. The weights are random. Features in
the host's memory are pinned and copied while the step before runs. Needs torch with CUDA and nothing else.
"""
import argparse
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS, BLOCKS, COND, ALPHA = (256, 512, 1024), (2, 5, 8), 64, 1.9


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
    """Wide ResNet-50-2 up to stride 16 with reflecting padding, its maps pooled once more."""

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
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, pixels):
        """8-bit images (B,H,W,3)."""
        x = (pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
        out, x = [], self.stem(x)
        for layer in self.layers:
            x = layer(x)
            out.append(F.avg_pool2d(x, 3, 2, 1))
        return out


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel."""

    def __init__(self, c):
        super().__init__()
        self.norm = nn.LayerNorm(c)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def position_code(d, h, w):
    half = d // 2
    omega = torch.exp(torch.arange(0, half, 2) * -(math.log(1e4) / half))
    p = torch.zeros(d, h, w)
    x, y = torch.arange(w)[None, :] * omega[:, None], torch.arange(h)[None, :] * omega[:, None]
    p[0:half:2], p[1:half:2] = torch.sin(x)[:, None, :].expand(-1, h, -1), torch.cos(x)[:, None, :].expand(-1, h, -1)
    p[half::2], p[half + 1 :: 2] = torch.sin(y)[:, :, None].expand(-1, -1, w), torch.cos(y)[:, :, None].expand(-1, -1, w)
    return p[None]


class Block(nn.Module):
    """Coupling, global affine and permutation."""

    def __init__(self, c):
        super().__init__()
        self.c1, self.c2 = c - c // 2, c // 2
        wide = self.c1 + COND
        self.net = nn.Sequential(nn.Conv2d(wide, wide, 3, padding=1), ChannelNorm(wide), nn.ReLU(), nn.Conv2d(wide, 2 * self.c2, 3, padding=1))
        self.gamma = nn.Parameter(torch.full((1, c, 1, 1), 2 * math.log(math.expm1(5))))
        self.delta = nn.Parameter(torch.zeros(1, c, 1, 1))
        self.register_buffer("perm", torch.randperm(c))

    def forward(self, x, code):
        x1, x2 = x.split([self.c1, self.c2], 1)
        a = 0.1 * self.net(torch.cat([x1, code.expand(x.shape[0], -1, -1, -1)], 1)).float()
        s, t = a.chunk(2, 1)
        s = ALPHA * torch.tanh(s / ALPHA)
        gain = 0.1 * F.softplus(self.gamma, 0.5)
        v = torch.cat([x1, x2 * s.exp() + t], 1) * gain + self.delta
        return v[:, self.perm], s.flatten(1).sum(1) + x.shape[2] * x.shape[3] * gain.log().sum()


class Cross(nn.Module):
    """The subnet of the fusion flow."""

    def __init__(self, channels):
        super().__init__()
        k = sum(channels)
        self.joint = nn.Sequential(nn.Conv2d(k, k // 4, 3, padding=1), ChannelNorm(k // 4), nn.ReLU(), nn.Conv2d(k // 4, k, 3, padding=1), nn.ReLU())
        self.s, self.t = (nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for c in channels) for _ in range(2))
        self.channels = channels

    def forward(self, maps):
        size = maps[-1].shape[2:]
        joint = self.joint(torch.cat([F.adaptive_avg_pool2d(m, size) for m in maps], 1)).split(self.channels, 1)
        ups = [m + F.interpolate(j, m.shape[2:], mode="bilinear", align_corners=True) for m, j in zip(maps, joint)]
        return [f(m).float() for f, m in zip(self.s, ups)], [f(m).float() for f, m in zip(self.t, ups)]


class Flow(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.parallel = nn.ModuleList(nn.ModuleList(Block(c) for _ in range(n)) for c, n in zip(CHANNELS, BLOCKS))
        for i, s in enumerate((8, 16, 32)):
            self.register_buffer(f"code{i}", position_code(COND, size // s, size // s))
            self.register_buffer(f"perm{i}", torch.randperm(CHANNELS[i]))
        halves = [c // 2 for c in CHANNELS]
        self.subnets = nn.ModuleList(Cross(halves) for _ in range(2))

    def forward(self, maps):
        logdet, p = 0, []
        for i, (blocks, x) in enumerate(zip(self.parallel, maps)):
            for block in blocks:
                x, l = block(x, getattr(self, f"code{i}"))
                logdet = logdet + l
            p.append(x[:, getattr(self, f"perm{i}")].chunk(2, 1))
        log_scale = lambda s: ALPHA * 0.636 * torch.atan(s / ALPHA)
        s2, t2 = self.subnets[1]([b for _, b in p])
        q1 = [log_scale(s).exp() * a + t for (a, _), s, t in zip(p, s2, t2)]
        s1, t1 = self.subnets[0](q1)
        q2 = [log_scale(s).exp() * b + t for (_, b), s, t in zip(p, s1, t1)]
        logdet = logdet + sum(log_scale(s).flatten(1).sum(1) for s in s1 + s2)
        return [torch.cat(z, 1).clamp(-1e6, 1e6) for z in zip(q1, q2)], logdet


class Detector(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.backbone, self.flow = WideResNet50().eval(), Flow(size)

    def features(self, pixels):
        with torch.no_grad():
            return self.backbone(pixels)

    def loss(self, maps):
        z, logdet = self.flow(maps)
        return (sum(0.5 * v.float().pow(2).flatten(1).sum(1) for v in z) - logdet).mean()

    def infer(self, pixels):
        z, _ = self.flow(self.backbone(pixels))
        return [-0.5 * v.float().pow(2).mean(1) for v in z]


def batches(values, device):
    """The same batch for ever, each copied from pinned memory while the one before is used."""
    pinned, stream = [v.pin_memory() for v in values], torch.cuda.Stream()

    def copy():
        with torch.cuda.stream(stream):
            return [v.to(device, non_blocking=True) for v in pinned]

    ahead = copy()
    while True:
        torch.cuda.current_stream().wait_stream(stream)
        now = ahead
        for v in now:
            v.record_stream(torch.cuda.current_stream())
        ahead = copy()
        yield now


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("what", choices=["train-images", "train-features", "infer"])
    args.add_argument("--mode", default="amp", choices=["eager", "amp", "compile"])
    args.add_argument("--size", type=int, default=512)
    args.add_argument("--batch", type=int, default=16)
    args.add_argument("--seconds", type=float, default=10)
    a = args.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    device, amp = torch.device("cuda"), a.mode != "eager"
    begin = time.perf_counter()
    model = Detector(a.size).to(device)
    if amp:
        model = model.to(memory_format=torch.channels_last)
    cast = lambda: torch.autocast("cuda", torch.bfloat16, enabled=amp)
    features, loss, infer = model.features, model.loss, model.infer
    if a.mode == "compile":
        features, loss, infer = torch.compile(features), torch.compile(loss), torch.compile(infer)
    optimizer = torch.optim.Adam(model.flow.parameters(), lr=1e-4, fused=True)
    pixels = [torch.randint(0, 256, (a.batch, a.size, a.size, 3), dtype=torch.uint8)]
    maps = [torch.randn(a.batch, c, a.size // s, a.size // s) for c, s in zip(CHANNELS, (8, 16, 32))]
    feed = batches(maps if a.what == "train-features" else pixels, device)

    def train():
        x = next(feed)
        with cast():
            l = loss(x if a.what == "train-features" else features(x[0]))
        optimizer.zero_grad(set_to_none=True)
        l.backward()
        nn.utils.clip_grad_norm_(model.flow.parameters(), 2)
        optimizer.step()
        return l.item()

    def predict():
        with torch.inference_mode(), cast():
            return [v.cpu() for v in infer(next(feed)[0])]

    run = predict if a.what == "infer" else train
    for _ in range(5):
        run()
    torch.cuda.synchronize()
    ready, took = time.perf_counter() - begin, []
    start = time.perf_counter()
    while len(took) < 5 or time.perf_counter() - start < a.seconds:
        t = time.perf_counter()
        run()
        torch.cuda.synchronize()
        took.append(time.perf_counter() - t)
    print(json.dumps({
        "what": a.what, "images_per_s": a.batch * len(took) / sum(took), "median_s": statistics.median(took), "compile_s": ready,
        "peak_bytes": torch.cuda.max_memory_allocated(), "batch": a.batch, "size": a.size, "backbone": "wide_resnet50_2", "precision": a.mode,
        "device": torch.cuda.get_device_name(), "version": f"torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}",
        "runs": len(took),
    }))


if __name__ == "__main__":
    main()
