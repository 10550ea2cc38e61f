#!/usr/bin/env python3
"""The same model in PyTorch + FrEIA, on the features that `msflow features` wrote.

Usage: python bench/mtd_torch.py FEATURES.safetensors OUT.json --epochs 20 --seeds 1,2,3

It is written from the mathematics alone and shares no code with the Go program, so that equal tables mean equal models.
When the features were written with --flow, both programs start from the same parameters and visit the images in the same
order, so their loss curves must lie on each other; --own-start starts from PyTorch's own instead. It needs torch, FrEIA
0.2, numpy and scipy (see bench/requirements-torch.txt).
"""
import argparse
import json
import math
import time

import FrEIA.framework as ff
import FrEIA.modules as fm
import numpy as np
import scipy.ndimage
import scipy.stats
import torch
import torch.nn.functional as F
from torch import nn

CLAMP = 1.9
COND = 64
BLOCKS = (2, 5, 8)


def read_safetensors(path):
    """Tensors by name, and the metadata."""
    kinds = {"F32": np.float32, "U8": np.uint8, "I64": np.int64}
    with open(path, "rb") as f:
        head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
        data = f.read()
    meta = head.pop("__metadata__", {})
    out = {}
    for name, t in head.items():
        lo, hi = t["data_offsets"]
        out[name] = np.frombuffer(data[lo:hi], kinds[t["dtype"]]).reshape(t["shape"])
    return out, meta


def position_code(d, h, w):
    """P of (D,H,W): sines and cosines of x in the first half of the channels, of y in the second."""
    half = d // 2
    k = np.arange(half // 2)
    omega = np.exp(-2 * k * math.log(1e4) / half)
    p = np.zeros((d, h, w))
    x, y = np.arange(w), np.arange(h)
    p[0:half:2] = np.sin(omega[:, None] * x)[:, None, :]
    p[1:half:2] = np.cos(omega[:, None] * x)[:, None, :]
    p[half::2] = np.sin(omega[:, None] * y)[:, :, None]
    p[half + 1 :: 2] = np.cos(omega[:, None] * y)[:, :, None]
    return torch.tensor(p, dtype=torch.float32)


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each pixel."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-5)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def coupling_net(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cin, 3, padding=1), ChannelNorm(cin), nn.ReLU(), nn.Conv2d(cin, cout, 3, padding=1))


class Block(fm.AllInOneBlock):
    """FrEIA 0.2's block with the clamp α·tanh(a/α) of later versions and the permutation as an index."""

    def _affine(self, x, a, rev=False):
        a = a * 0.1
        ch = x.shape[1]
        s = self.clamp * torch.tanh(a[:, :ch] / self.clamp)
        if not rev:
            return x * torch.exp(s) + a[:, ch:], s.flatten(1).sum(1)
        return (x - a[:, ch:]) * torch.exp(-s), -s.flatten(1).sum(1)


class SubFusion(nn.Module):
    """ST of the fusion flow: every scale sees every other, then gives s and t."""

    def __init__(self, channels):
        super().__init__()
        k = sum(channels)
        self.channels = channels
        self.cross = nn.Sequential(nn.Conv2d(k, k // 4, 3, padding=1), ChannelNorm(k // 4), nn.ReLU(), nn.Conv2d(k // 4, k, 3, padding=1), nn.ReLU())
        self.s = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for c in channels)
        self.t = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for c in channels)

    def forward(self, maps):
        small = maps[-1].shape[-2:]
        mixed = self.cross(torch.cat([F.adaptive_avg_pool2d(m, small) for m in maps], 1)).split(self.channels, 1)
        mixed = [m + F.interpolate(x, m.shape[-2:], mode="bilinear", align_corners=True) for m, x in zip(maps, mixed)]
        return [f(m) for f, m in zip(self.s, mixed)], [f(m) for f, m in zip(self.t, mixed)]


class MSFlow(nn.Module):
    def __init__(self, channels, sizes, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.code = [position_code(COND, *s) for s in sizes]
        self.parallel = nn.ModuleList()
        for c, (h, w), n in zip(channels, sizes, BLOCKS):
            chain = ff.SequenceINN(c, h, w)
            for _ in range(n):
                chain.append(Block, cond=0, cond_shape=(COND, h, w), subnet_constructor=coupling_net, affine_clamping=CLAMP)
            self.parallel.append(chain)
        self.shuffle = [torch.tensor(rng.permutation(c)) for c in channels]
        self.half = [c // 2 for c in channels]
        self.st1 = SubFusion(self.half)
        self.st2 = SubFusion([c - h for c, h in zip(channels, self.half)])

    def forward(self, maps):
        b = maps[0].shape[0]
        z, logdet = [], 0
        for chain, code, x in zip(self.parallel, self.code, maps):
            out, jac = chain(x, [code.expand(b, -1, -1, -1)])
            z.append(out)
            logdet = logdet + jac
        z = [v[:, p] for v, p in zip(z, self.shuffle)]
        one = [v[:, :h] for v, h in zip(z, self.half)]
        two = [v[:, h:] for v, h in zip(z, self.half)]
        soft = lambda s: CLAMP * 0.636 * torch.atan(s / CLAMP)
        s2, t2 = self.st2(two)
        one = [torch.exp(soft(s)) * p + t for s, p, t in zip(s2, one, t2)]
        s1, t1 = self.st1(one)
        two = [torch.exp(soft(s)) * p + t for s, p, t in zip(s1, two, t1)]
        z = [torch.cat([a, b], 1).clamp(-1e6, 1e6) for a, b in zip(one, two)]
        logdet = logdet + sum(soft(s).flatten(1).sum(1) for s in s1 + s2)
        return z, logdet


def start_as_go(model, data):
    """Copies the parameters init.NAME into the model."""
    wire = {"conv1": "0", "ln": "1.norm", "norm": "1.norm", "conv2": "3"}

    def place(name):
        part = name.split(".")
        if part[0] == "parallel_flows":
            block = f"parallel.{part[1]}.module_list.{part[3]}"
            return f"{block}.subnet.{wire[part[5]]}.{part[6]}" if part[4] == "subnet" else f"{block}.{part[4]}"
        st = {"subnet_1": "st1", "subnet_2": "st2"}[part[1]]
        if part[2] == "cross_convs":
            return f"{st}.cross.{wire[part[3]]}.{part[4]}"
        return f"{st}.{part[2][-1]}.{part[3]}.{part[4]}"

    state, left = model.state_dict(), set(dict(model.named_parameters()))
    for key in [k for k in data if k.startswith("init.")]:
        name, value = key[5:], torch.tensor(data[key])
        if name.startswith("fusion_flow.permute."):
            model.shuffle[int(name.split(".")[-1])] = value
            continue
        to = place(name)
        if name.endswith("w_perm"):
            matrix = torch.zeros(len(value), len(value))
            matrix[torch.arange(len(value)), value] = 1
            state[to] = matrix.reshape(state[to].shape)
            state[to + "_inv"] = matrix.T.reshape(state[to].shape)
            left -= {to, to + "_inv"}
            continue
        assert state[to].shape == value.shape, (name, state[to].shape, value.shape)
        state[to] = value
        left.discard(to)
    assert not left, left
    model.load_state_dict(state)


class GoRandom:
    """Go's math/rand/v2: PCG-DXSM and Perm."""

    MASK = (1 << 64) - 1

    def __init__(self, hi, lo):
        self.state = (hi & self.MASK) << 64 | (lo & self.MASK)

    def uint64(self):
        mul = 2549297995355413924 << 64 | 4865540595714422341
        inc = 6364136223846793005 << 64 | 1442695040888963407
        self.state = (self.state * mul + inc) & ((1 << 128) - 1)
        hi, lo = self.state >> 64, self.state & self.MASK
        hi ^= hi >> 32
        hi = hi * 0xDA942042E4DD58B5 & self.MASK
        hi ^= hi >> 48
        return hi * (lo | 1) & self.MASK

    def below(self, n):
        if n & (n - 1) == 0:
            return self.uint64() & (n - 1)
        wide = self.uint64() * n
        while wide & self.MASK < (1 << 64) % n:
            wide = self.uint64() * n
        return wide >> 64

    def perm(self, n):
        p = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            p[i], p[j] = p[j], p[i]
        return np.array(p)


def train(model, maps, epochs, batch, lr, warmup, milestones, seed):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    sched = torch.optim.lr_scheduler.LambdaLR(
        opt, lambda e: (0.1 + 0.9 * min(e, warmup) / warmup if warmup else 1.0) * 0.33 ** sum(e >= m for m in milestones)
    )
    n = maps[0].shape[0]
    curve = []
    for epoch in range(epochs):
        begin, losses = time.time(), []
        order = GoRandom(seed + 0x0BDE, epoch).perm(n)
        for i in range(0, n, batch):
            take = order[i : i + batch]
            z, logdet = model([m[take] for m in maps])
            loss = (sum(0.5 * v.pow(2).flatten(1).sum(1) for v in z) - logdet).mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2)
            opt.step()
            losses.append(loss.item() * len(take))
        sched.step()
        curve.append(sum(losses) / n)
        print(f"epoch {epoch + 1}/{epochs} loss {curve[-1]:.1f} {n / (time.time() - begin):.1f} images/s", flush=True)
    return curve


@torch.no_grad()
def score(model, maps, size, batch=8, top=0.03):
    add, mul, image = [], [], []
    up = lambda m: F.interpolate(m[:, None], size, mode="bilinear", align_corners=True)[:, 0]
    for i in range(0, maps[0].shape[0], batch):
        z, _ = model([m[i : i + batch] for m in maps])
        logp = [-0.5 * v.pow(2).mean(1) for v in z]
        a = sum(up(torch.exp(l - l.amax((1, 2), keepdim=True))) for l in logp)
        add.append(a.amax((1, 2), keepdim=True) - a)
        m = sum(up(l) for l in logp)
        m = torch.exp(m - m.amax((1, 2), keepdim=True))
        m = m.amax((1, 2), keepdim=True) - m
        mul.append(m)
        image.append(m.flatten(1).topk(int(top * size[0] * size[1]), 1).values.mean(1))
    return torch.cat(add).numpy(), torch.cat(mul).numpy(), torch.cat(image).numpy()


def auroc(scores, labels):
    ranks = scipy.stats.rankdata(scores.ravel())
    pos = labels.ravel().astype(bool)
    p, n = pos.sum(), (~pos).sum()
    return (ranks[pos].sum() - p * (p + 1) / 2) / (p * n)


def aupro(maps, masks, limit=0.3):
    """Exact: every distinct score is a threshold, regions are 8-connected."""
    weight, regions = np.zeros(maps.shape), 0
    for i, m in enumerate(masks):
        lab, k = scipy.ndimage.label(m, np.ones((3, 3)))
        regions += k
        sizes = np.bincount(lab.ravel(), minlength=k + 1).astype(float)
        weight[i] = np.where(lab > 0, 1 / sizes[lab], 0)
    order = np.argsort(-maps.ravel(), kind="stable")
    s = maps.ravel()[order]
    pro = np.cumsum(weight.ravel()[order]) / regions
    normal = masks.ravel()[order] == 0
    fpr = np.cumsum(normal) / normal.sum()
    last = np.append(np.diff(s) != 0, True)
    x, y = np.append(0, fpr[last]), np.append(0, pro[last])
    k = np.searchsorted(x, limit, side="right")
    at = np.interp(limit, x, y)
    x, y = np.append(x[:k], limit), np.append(y[:k], at)
    area = np.trapezoid if hasattr(np, "trapezoid") else np.trapz  # numpy 2 renamed it
    return area(y, x) / limit


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("features")
    args.add_argument("out")
    args.add_argument("--epochs", type=int, default=20)
    args.add_argument("--batch", type=int, default=8)
    args.add_argument("--lr", type=float, default=1e-4)
    args.add_argument("--seeds", default="1,2,3")
    args.add_argument("--own-start", action="store_true")
    args.add_argument("--threads", type=int, default=2)
    a = args.parse_args()
    torch.set_num_threads(a.threads)
    data, meta = read_safetensors(a.features)
    scales = sorted(int(k.split(".")[1]) for k in data if k.startswith("train."))
    pick = lambda kind: [torch.tensor(data[f"{kind}.{i}"]) for i in scales]
    tr, te = pick("train"), pick("test")
    masks, labels = data["masks"], data["labels"]
    size = masks.shape[-2:]
    warmup = round(0.12 * a.epochs)
    milestones = [round(0.7 * a.epochs), round(0.9 * a.epochs)]
    runs = []
    for seed in map(int, a.seeds.split(",")):
        torch.manual_seed(seed)
        np.random.seed(seed)
        model = MSFlow([m.shape[1] for m in tr], [tuple(m.shape[-2:]) for m in tr], seed)
        if any(k.startswith("init.") for k in data) and not a.own_start:
            start_as_go(model, data)
        begin = time.time()
        curve = train(model, tr, a.epochs, a.batch, a.lr, warmup, milestones, seed)
        seconds = time.time() - begin
        add, mul, image = score(model.eval(), te, size)
        row = {"seed": seed, "det_auroc": auroc(image, labels), "loc_auroc": auroc(add, masks), "aupro": aupro(mul, masks), "loss": curve, "train_seconds": seconds}
        runs.append(row)
        print({k: v for k, v in row.items() if k != "loss"}, flush=True)
        with open(a.out, "w") as f:
            json.dump({"torch": torch.__version__, "threads": a.threads, "epochs": a.epochs, "runs": runs}, f, indent=1)


if __name__ == "__main__":
    main()
