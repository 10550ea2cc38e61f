#!/usr/bin/env python3
"""Vision transformers by timm, on made-up weights: what lib/backbone's tests compare with.

    python bench/vit_timm.py            writes lib/backbone/testdata/vit_timm.safetensors
    python bench/vit_timm.py --speed    times timm's networks up to block 9 at 224²

Every tensor follows from its name (fill, as lib/backbone's RandomWeights makes it), so the file holds results only, thinned
out: NAME.HxW.MAP. Narrow networks with four blocks try sizes and options; those with published names have their real width
and nine blocks. Needs bench/requirements-timm.txt.
"""
import argparse
import time
from functools import partial

import timm
import torch
from safetensors.torch import save_file
from timm.layers import LayerNorm
from timm.models.eva import Eva
from timm.models.vision_transformer import VisionTransformer

from lite0_timm import MEAN, ROOT, STD, fill

NARROW = dict(embed_dim=32, depth=4, num_heads=2, num_classes=0, dynamic_img_size=True)
ROTARY = dict(rope_type="dinov3", rope_temperature=100, rope_rotate_half=True, use_rot_pos_emb=True, use_abs_pos_emb=False)
REAL = [f"vit_{size}_{rest}" for size in ("small", "base") for rest in ("patch16_224", "patch14_dinov2", "patch14_reg4_dinov2", "patch16_dinov3")]


def narrow():
    """Name, network, patch."""
    yield "narrow", VisionTransformer(img_size=64, patch_size=16, **NARROW), 16
    yield "narrow_dinov2", VisionTransformer(img_size=70, patch_size=14, init_values=1e-5, **NARROW), 14
    yield "narrow_reg4", VisionTransformer(img_size=56, patch_size=14, init_values=1e-5, reg_tokens=4, no_embed_class=True, **NARROW), 14
    norm = partial(LayerNorm, eps=1e-5)
    for name, bias in ("narrow_dinov3", False), ("narrow_dinov3_qkvb", True):
        yield name, Eva(patch_size=16, qkv_bias=bias, init_values=1e-5, num_reg_tokens=4, use_fc_norm=False, norm_layer=norm, **ROTARY, **NARROW), 16


def made_up(net):
    """The same rule as lib/backbone's randomRange."""
    sd = net.state_dict()
    for name, t in sd.items():
        shape = tuple(t.shape)
        if len(shape) == 4:
            lo, hi = -((6 / (shape[1] * shape[2] * shape[3])) ** 0.5), (6 / (shape[1] * shape[2] * shape[3])) ** 0.5
        elif len(shape) == 2:
            lo, hi = -((3 / shape[1]) ** 0.5), (3 / shape[1]) ** 0.5
        elif len(shape) == 3:
            lo, hi = -1, 1
        elif name.endswith(".weight") or "gamma" in name:
            lo, hi = 0.5, 0.9
        else:
            lo, hi = -0.1, 0.1
        sd[name] = fill(name, shape, lo, hi)
    net.load_state_dict(sd)
    return net.double().eval()


def maps(net, taps, half, h, w):
    x = fill("image", (1, 3, h, w), -2, 2).double()
    if half:  # trained on images in −1…1
        x = 2 * (x * STD + MEAN) - 1
    return net.forward_intermediates(x, indices=taps, norm=True, intermediates_only=True)


def fixture():
    out = {}

    def keep(name, net, half, taps, sizes, every):
        made_up(net)
        for h, w in sizes:
            for i, y in enumerate(maps(net, taps, half, h, w)):
                out[f"{name}.{h}x{w}.{i}"] = y.flatten()[::every].float().clone()

    for name, net, p in narrow():
        grid = 5 if name == "narrow_dinov2" else 4
        keep(name, net, name == "narrow", [0, 1, 3], [(grid * p, grid * p), (3 * p, 7 * p)], 1)
    for name in REAL:
        p = 14 if "patch14" in name else 16
        net = timm.create_model(name, depth=9, num_classes=0, dynamic_img_size=True)
        keep(name, net, name.endswith("224"), [2, 5, 8], [(3 * p, 4 * p)], 17)
    path = ROOT / "lib/backbone/testdata/vit_timm.safetensors"
    save_file(out, path)
    print(f"wrote {path}: {path.stat().st_size} bytes, {len(out)} maps")


def speed(batch, threads):
    torch.set_num_threads(threads)
    for name in REAL:
        net = timm.create_model(name, depth=9, num_classes=0, img_size=224).eval()
        x, took = torch.randn(batch, 3, 224, 224), []
        for _ in range(6):
            t = time.process_time(), time.perf_counter()
            net.forward_intermediates(x, indices=[2, 5, 8], norm=True, intermediates_only=True)
            took.append((time.perf_counter() - t[1], time.process_time() - t[0]))
        wall, cpu = min(t[0] for t in took), min(t[1] for t in took)
        print(f"{name:32} {batch / wall:6.1f} images/s, {cpu / batch:.4f} CPU s an image")


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--speed", action="store_true")
    args.add_argument("--batch", type=int, default=4)
    args.add_argument("--threads", type=int, default=2)
    a = args.parse_args()
    with torch.no_grad():
        speed(a.batch, a.threads) if a.speed else fixture()


if __name__ == "__main__":
    main()
