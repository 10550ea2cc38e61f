"""Writes resize_golden.json and formats/ with real Pillow: what datasets must reproduce.

    python -m venv v && v/bin/pip install pillow==12.3.0 numpy==2.4.6 tifffile==2026.3.3 imagecodecs && cd datasets/internal/picture/testdata && ../../../../v/bin/python make_golden.py

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

# TIFF files as cameras and microscopes write them; what they hold is known without a reader.
import numpy, tifffile
G, C = numpy.array(grey), numpy.array(soft)
bits = (G > 127).astype("uint8") * 255
wide = numpy.concatenate([C, numpy.full((H, W, 1), 200, "uint8")], axis=2)
half = (C.astype("uint16") * wide[..., 3:] // 255).astype("uint8")
TIFFS = {  # name: stored samples, how they are stored, grey or RGB levels
    "tiled.tif": (G, {"tile": (16, 16)}, G),
    "tiled-deep.tif": (G.astype("uint16") << 8, {"tile": (16, 32), "byteorder": ">", "compression": "deflate", "predictor": True}, G),
    "tiled-rgb.tif": (C, {"tile": (32, 16), "compression": "lzw", "predictor": True}, C),
    "tiled-planar.tif": (C.transpose(2, 0, 1), {"tile": (16, 16), "planarconfig": "separate", "photometric": "rgb"}, C),
    "planar.tif": (C.transpose(2, 0, 1), {"planarconfig": "separate", "photometric": "rgb", "rowsperstrip": 5}, C),
    "planar-deep.tif": (C.transpose(2, 0, 1).astype("uint16") << 8, {"planarconfig": "separate", "photometric": "rgb"}, C),
    "big.tif": (C, {"bigtiff": True, "rowsperstrip": 4}, C),
    "big-endian.tif": (G.astype("uint16") << 8, {"bigtiff": True, "byteorder": ">"}, G),
    "packbits.tif": (G // 32 * 32, {"compression": "packbits"}, G // 32 * 32),
    "deflate.tif": (C, {"compression": "deflate", "predictor": True, "rowsperstrip": 7}, C),
    "white.tif": (255 - G, {"photometric": "miniswhite"}, G),
    "12bit.tif": (G.astype("uint16") << 4, {"bitspersample": 12}, G),
    "extra.tif": (wide, {"photometric": "rgb", "extrasamples": ["unspecified"]}, C),
    "pages.tif": (numpy.stack([G, 255 - G]), {"photometric": "minisblack"}, G),
}
for name, (samples, how, levels) in TIFFS.items():
    how = {"metadata": None, "software": None, **how}
    opened = {k: how.pop(k) for k in ("bigtiff", "byteorder") if k in how}
    with tifffile.TiffWriter("formats/" + name, **opened) as f:
        f.write(samples, **how)
    golden.append({"file": name, "size": [W, H], "rgb": b64(Image.fromarray(levels).convert("RGB").tobytes())})
for name, scheme in {"fax3.tif": "group3", "fax4.tif": "group4"}.items():
    Image.fromarray(bits).convert("1").save("formats/" + name, compression=scheme)
    golden.append({"file": name, "size": [W, H], "rgb": b64(Image.open("formats/" + name).convert("RGB").tobytes())})

# Pictures with an orientation: as Pillow opens them, and as viewers show them. Pillow turns TIFF files when it loads them
# (and only the compressed ones rightly).
from PIL import ImageOps
for o in range(1, 9):
    exif = Image.Exif(); exif[0x0112] = o
    for name, how in {f"turned{o}.png": {}, f"turned{o}.webp": {"lossless": True}, f"turned{o}.tif": None}.items():
        if how is None:
            tifffile.imwrite("formats/" + name, G, compression="deflate", extratags=[(274, "H", 1, o, True)], metadata=None, software=None)
        else:
            grey.save("formats/" + name, exif=exif, **how)
        for mode in "ignore", "apply":
            im = Image.open("formats/" + name)
            im.load()
            im = ImageOps.exif_transpose(im) if mode == "apply" else im
            golden.append({"file": name, "exif": mode, "size": list(im.size), "rgb": b64(im.convert("RGB").tobytes())})
im = ImageOps.exif_transpose(Image.open("formats/turned.jpg"))
golden.append({"file": "turned.jpg", "exif": "apply", "size": list(im.size), "rgb": b64(im.convert("RGB").tobytes())})
json.dump({"pillow": PIL.__version__, "files": golden}, open("formats_golden.json", "w"), indent=1)
