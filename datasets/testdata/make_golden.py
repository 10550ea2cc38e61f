"""Writes resize_golden.json and formats/ with real Pillow: what datasets must reproduce.

    python -m venv v && v/bin/pip install pillow==12.3.0 && cd datasets/testdata && ../../v/bin/python make_golden.py

Not Pillow 13: from there on the vertical pass goes first where that is cheaper, which rounds differently (by up to 2 levels);
the reference fixture and every published result are from before.

A picture is only described by its seed: sample i of it is byte 24..31 of an LCG's state (see noise below), so that this file
and the Go test make the same one. Results are base64.
"""
import base64, json, PIL
from PIL import Image

def noise(seed, n):
    state, out = seed, bytearray()
    for _ in range(n):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return bytes(out)

def b64(b): return base64.b64encode(b).decode()

SIZES = [  # from (w,h) to (w,h)
    (37, 23, 16, 16), (16, 16, 37, 23), (40, 12, 13, 30), (9, 31, 31, 9), (33, 20, 33, 7), (20, 33, 7, 33),
    (64, 48, 5, 3), (3, 2, 17, 19), (1, 1, 4, 3), (5, 1, 1, 5), (100, 3, 7, 3), (24, 24, 24, 24),
]

def resize_cases():
    for seed, (w, h, w2, h2) in enumerate(SIZES):
        grey = Image.frombytes("L", (w, h), noise(seed, w * h))
        rgb = Image.frombytes("RGB", (w, h), noise(seed + 1000, 3 * w * h))
        hard = rgb.point(lambda v: 255 if v > 127 else 0)  # overshoots, so that clamping is seen
        mask = grey.point(lambda v: 1 if v > 127 else 0)
        size = (w2, h2)
        yield {"seed": seed, "from": [w, h], "to": [w2, h2],
               "grey": b64(grey.resize(size, Image.LANCZOS).tobytes()),
               "rgb": b64(rgb.resize(size, Image.LANCZOS).tobytes()),
               "hard": b64(hard.resize(size, Image.LANCZOS).tobytes()),
               "mask": b64(mask.resize(size, Image.NEAREST).tobytes())}

json.dump({"pillow": PIL.__version__, "cases": list(resize_cases())}, open("resize_golden.json", "w"), indent=1)

# formats/: the same smooth picture in every form of file that a data set may hold, and what Pillow makes of it in RGB.
import os, random
from PIL import ImageFilter
os.makedirs("formats", exist_ok=True)
W, H = 37, 27
soft = Image.frombytes("RGB", (W, H), noise(7, 3 * W * H)).filter(ImageFilter.GaussianBlur(2)).point(lambda v: max(0, min(255, (v - 128) * 4 + 128)))
alpha = Image.linear_gradient("L").resize((W, H))
rgba = soft.copy(); rgba.putalpha(alpha)
la = soft.convert("L"); la.putalpha(alpha)
grey = soft.convert("L")
clear = soft.quantize(32); clear.info["transparency"] = 3
FILES = {
    "rgb.png": (soft, {}), "grey.png": (grey, {}), "rgba.png": (rgba, {}), "la.png": (la, {}),
    "palette.png": (clear, {"transparency": 3}), "bit.png": (grey.convert("1"), {}),
    "rgb.bmp": (soft, {}), "grey.bmp": (grey, {}), "rgb.tiff": (soft, {}), "rgba.tiff": (rgba, {}), "lzw.tif": (soft, {"compression": "tiff_lzw"}),
    "rgb.webp": (soft, {"lossless": True}), "lossy.webp": (soft, {"quality": 90}), "alpha.webp": (rgba, {"quality": 90, "exact": True}),
    "grey.jpg": (grey, {"quality": 90}), "444.jpg": (soft, {"quality": 90, "subsampling": 0}), "422.jpg": (soft, {"quality": 90, "subsampling": 1}),
    "420.jpg": (soft, {"quality": 90, "subsampling": 2}), "progressive.jpg": (soft, {"quality": 90, "progressive": True}),
    "cmyk.jpg": (soft.convert("CMYK"), {"quality": 95}),
}
exif = Image.Exif(); exif[0x0112] = 6
FILES["turned.jpg"] = (soft, {"quality": 90, "exif": exif})
golden = []
for name, (im, how) in FILES.items():
    im.save("formats/" + name, **how)
    golden.append({"file": name, "size": [W, H], "rgb": b64(Image.open("formats/" + name).convert("RGB").tobytes())})

# Pillow clips 16-bit grey to white instead of scaling it; here the upper byte counts, as it does for 16-bit colour.
deep = Image.frombytes("I;16", (W, H), b"".join(bytes([(7 * i) % 256, v]) for i, v in enumerate(grey.tobytes())))
deep.save("formats/deep.png")
golden.append({"file": "deep.png", "size": [W, H], "rgb": b64(grey.convert("RGB").tobytes())})
json.dump({"pillow": PIL.__version__, "files": golden}, open("formats_golden.json", "w"), indent=1)
