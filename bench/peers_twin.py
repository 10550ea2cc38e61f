#!/usr/bin/env python3
"""The flows that MSFlow is compared with, in plain PyTorch: the fixtures of lib/flow.

Usage: python bench/peers_twin.py lib/flow/testdata/peers

It is written from the papers' equations alone and shares no code with the Go program. Weights and inputs follow from their
names, as in lib/fixture, so a fixture holds results only: latents, log-determinants, log-likelihood maps and all gradients.
It needs torch and numpy.
"""
import json
import math
import pathlib
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F

M64 = (1 << 64) - 1


def uniform(name, n):
    """n numbers in [0,1) by SplitMix64, seeded by the name."""
    seed, out = zlib.crc32(name.encode()), np.empty(n)
    for i in range(n):
        z = ((i + 1) * 0x9E3779B97F4A7C15 + seed) & M64
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & M64
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & M64
        out[i] = ((z ^ z >> 31) >> 11) / 2**53
    return out


class Params:
    """Makes each parameter when it is first asked for."""

    def __init__(self):
        self.all = {}

    def __call__(self, name, *shape):
        if name not in self.all:
            lo, hi = self.range(name, shape)
            v = (lo + (hi - lo) * uniform(name, math.prod(shape))).astype(np.float32).reshape(shape)
            self.all[name] = torch.tensor(v.astype(np.float64), requires_grad=True)
        assert self.all[name].shape == shape, (name, shape)
        return self.all[name]

    @staticmethod
    def range(name, shape):
        if name.endswith("global_scale"):
            start = 2 * math.log(math.expm1(5))
            return start - 0.5, start + 0.5
        if name.endswith("global_offset"):
            return -0.1, 0.1
        if ".gamma." in name:
            return 0.2, 0.6
        if name.endswith("bias"):
            return -0.05, 0.05
        bound = 1.5 / math.sqrt(math.prod(shape[1:]))
        return -bound, bound

    @staticmethod
    def perm(name, n):
        return np.argsort(uniform(name, n), kind="stable")


def conv(p, name, x, out, k, stride=1):
    return F.conv2d(x, p(name + ".weight", out, x.shape[1], k, k), p(name + ".bias", out), stride=stride, padding=k // 2)


def total(x):
    return x.flatten(1).sum(1)


def positions(d, h, w):
    code, half = torch.zeros(d, h, w, dtype=torch.float64), d // 2
    y, x = torch.meshgrid(torch.arange(h, dtype=torch.float64), torch.arange(w, dtype=torch.float64), indexing="ij")
    for k in range(half // 2):
        rate = math.exp(-2 * k * math.log(1e4) / half)
        code[2 * k], code[2 * k + 1] = torch.sin(x * rate), torch.cos(x * rate)
        code[half + 2 * k], code[half + 2 * k + 1] = torch.sin(y * rate), torch.cos(y * rate)
    return code


def all_in_one(p, name, x, clamp, net, condition=None):
    """Latents, log-determinant per sample, and per place."""
    c = x.shape[1]
    c1, c2 = c - c // 2, c // 2
    x1, x2 = x[:, :c1], x[:, c1:]
    seen = x1
    if condition is not None:
        seen = torch.cat([x1, condition.expand(len(x), -1, -1, -1)], 1)
    a = 0.1 * net(name + "subnet", seen, 2 * c2)
    s = clamp * torch.tanh(a[:, :c2] / clamp)
    u = torch.cat([x1, x2 * torch.exp(s) + a[:, c2:]], 1)
    g = 0.1 * 2 * torch.log1p(torch.exp(0.5 * p(name + "global_scale", 1, c, 1, 1)))
    v = u * g + p(name + "global_offset", 1, c, 1, 1)
    place = s.sum(1, keepdim=True) + torch.log(g).sum()
    return v[:, p.perm(name + "w_perm", c)], total(place), place


def alternating(p, k, width):
    def net(name, x, out):
        inside, kernel = hidden(x.shape[1], width), (3, 1)[k % 2]
        return conv(p, name + ".conv2", F.relu(conv(p, name + ".conv1", x, inside, kernel)), out, kernel)
    return net


def hidden(paper, width):
    return max(1, int(paper * width + 0.5))


def fastflow(p, xs, blocks, width):
    zs, logdet = [], 0
    for i, x in enumerate(xs):
        for k in range(blocks):
            x, l, _ = all_in_one(p, f"module_list.{i}.module_list.{k}.", x, 2, alternating(p, k, width))
            logdet = logdet + l
        zs.append(x)
    return zs, logdet, None


def cflow(p, xs, blocks, width):
    zs, logdet, logp = [], 0, []
    for i, x in enumerate(xs):
        code, places = positions(128, *x.shape[2:]), 0

        def net(name, x, out):
            return conv(p, name + ".fc2", F.relu(conv(p, name + ".fc1", x, hidden(2 * x.shape[1], width), 1)), out, 1)
        for k in range(blocks):
            x, l, place = all_in_one(p, f"module_list.{i}.module_list.{k}.", x, 1.9, net, code)
            logdet, places = logdet + l, places + place
        zs.append(x)
        logp.append((-0.5 * (x**2).sum(1, keepdim=True) + places) / x.shape[1])
    return zs, logdet, logp


def soft_clamp(a):
    return 3 * 0.636 * torch.atan(a / 3)


def differnet(p, xs, blocks, width):
    x, logdet = torch.cat(xs, 1), 0
    c, inside = x.shape[1], hidden(2048, width)
    c1 = c // 2

    def net(name, x, out):
        for i in range(3):
            x = F.relu(conv(p, f"{name}.fc{i + 1}", x, inside, 1))
        return conv(p, name + ".fc4", x, out, 1)
    for k in range(blocks):
        x = x[:, p.perm(f"module_list.1.module_list.{2 * k}.perm", c)]
        name = f"module_list.1.module_list.{2 * k + 1}."
        x1, x2 = x[:, :c1], x[:, c1:]
        a = net(name + "subnet2", x2, 2 * c1)
        s2 = soft_clamp(a[:, :c1])
        y1 = x1 * torch.exp(s2) + a[:, c1:]
        a = net(name + "subnet1", y1, 2 * (c - c1))
        s1 = soft_clamp(a[:, :c - c1])
        x = torch.cat([y1, x2 * torch.exp(s1) + a[:, c - c1:]], 1)
        logdet = logdet + total(s1) + total(s2)
    return [x], logdet, None


def uflow(p, xs, blocks, width):
    x, zs, logdet, node = xs[-1], [], 0, 0
    for i in range(len(xs) - 1, -1, -1):
        for k in range(blocks):
            x, l, _ = all_in_one(p, f"module_list.{node}.module_list.{k}.", x, 2, alternating(p, k, width))
            logdet = logdet + l
        if i == 0:
            return [x] + zs, logdet, None
        carried = x.shape[1] // 2 // 4 * 4
        zs.insert(0, x[:, :-carried])
        x = torch.cat([xs[i - 1], F.pixel_shuffle(x[:, -carried:], 2)], 1)
        node += 4


def csflow(p, xs, blocks, width):
    n, logdet = len(xs), 0
    first = [x.shape[1] // 2 for x in xs]
    inside = hidden(1024, width)

    def net(name, x, out, k):
        h = [F.leaky_relu(conv(p, f"{name}.first.{i}", x[i], inside, k), 0.1) for i in range(n)]
        scales, shifts = [], []
        for i in range(n):
            y = conv(p, f"{name}.second.{i}", h[i], 2 * out[i], k)
            if i + 1 < n:
                up = conv(p, f"{name}.up.{i}", h[i + 1], 2 * out[i], k)
                y = y + F.interpolate(up, y.shape[2:], mode="bilinear", align_corners=True)
            if i > 0:
                y = y + conv(p, f"{name}.down.{i}", h[i - 1], 2 * out[i], k, stride=2)
            y = y * p(f"{name}.gamma.{i}", 1, 2 * out[i], 1, 1)
            scales.append(soft_clamp(y[:, :out[i]]))
            shifts.append(y[:, out[i]:])
        return scales, shifts
    rest = [x.shape[1] - f for x, f in zip(xs, first)]
    for b in range(blocks):
        name, k = f"module_list.{b}.", 5 if b == blocks - 1 else 3
        xs = [x[:, p.perm(f"{name}permute.{i}", x.shape[1])] for i, x in enumerate(xs)]
        p1, p2 = [x[:, :f] for x, f in zip(xs, first)], [x[:, f:] for x, f in zip(xs, first)]
        s2, t2 = net(name + "subnet_2", p2, first, k)
        q1 = [a * torch.exp(s) + t for a, s, t in zip(p1, s2, t2)]
        s1, t1 = net(name + "subnet_1", q1, rest, k)
        q2 = [a * torch.exp(s) + t for a, s, t in zip(p2, s1, t1)]
        logdet = logdet + sum(total(s) for s in s1 + s2)
        xs = [torch.cat(pair, 1) for pair in zip(q1, q2)]
    return xs, logdet, None


PYRAMID = [(5, 8, 12), (6, 4, 6), (10, 2, 3)]
CASES = {
    "fastflow": (fastflow, PYRAMID, 3, 0.5),
    "cflow": (cflow, PYRAMID, 2, 0.02),
    "differnet": (differnet, [(c, 1, 1) for c, _, _ in PYRAMID], 2, 0.004),
    "uflow": (uflow, [(5, 8, 12), (7, 4, 6), (10, 2, 3)], 3, 1),
    "csflow": (csflow, [(5, 7, 9), (6, 4, 5), (3, 2, 3)], 2, 0.004),
}
BATCH = 2


def write_safetensors(path, tensors):
    head, data = {}, b""
    for name, t in tensors.items():
        raw = t.detach().numpy().astype(np.float32).tobytes()
        head[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, (model, maps, blocks, width) in CASES.items():
        p = Params()
        xs = []
        for i, m in enumerate(maps):
            v = (-1.5 + 3 * uniform(f"input.{i}", BATCH * math.prod(m))).astype(np.float32)
            xs.append(torch.tensor(v.astype(np.float64).reshape(BATCH, *m)))
        zs, logdet, logp = model(p, xs, blocks, width)
        loss = (sum(0.5 * total(z**2) for z in zs) - logdet).mean()
        loss.backward()
        results = {f"z.{i}": z for i, z in enumerate(zs)} | {"logdet": logdet, "loss": loss.reshape(1)}
        results |= {f"logp.{i}": l for i, l in enumerate(logp or [])}
        results |= {"grad." + k: v.grad for k, v in p.all.items()}
        write_safetensors(out / (name + ".safetensors"), results)


if __name__ == "__main__":
    main()
