#!/usr/bin/env python3
"""Makes the pictures that the golden cases use: `python3 make.py`, with Pillow. All of them are CC0.

The same numbers in, the same pictures out; encoders of another version may write other bytes for them.
"""

import struct
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent


def path(case, name):
    (HERE / case).mkdir(exist_ok=True)
    return HERE / case / name


def scene(width, height):
    """Sky, sun, hills and a red flag at 30 % from the left: what is cut, turned or mirrored shows."""
    s = 4
    w, h = width * s, height * s
    picture = Image.new("RGB", (w, h))
    draw = ImageDraw.Draw(picture)
    for y in range(h):
        t = y / h
        draw.line([(0, y), (w, y)], (int(70 + 170 * t), int(140 + 70 * t), int(220 - 50 * t)))
    r = min(w, h) * 0.09
    draw.ellipse([w * 0.75 - r, h * 0.2 - r, w * 0.75 + r, h * 0.2 + r], (255, 236, 150))
    draw.polygon([(0, h), (0, h * 0.6), (w * 0.35, h * 0.42), (w * 0.7, h * 0.66), (w, h * 0.52), (w, h)], (52, 110, 92))
    draw.polygon([(0, h), (0, h * 0.85), (w * 0.5, h * 0.7), (w, h * 0.9), (w, h)], (28, 62, 60))
    draw.rectangle([w * 0.3, h * 0.3, w * 0.31, h * 0.75], (250, 250, 250))
    draw.polygon([(w * 0.31, h * 0.3), (w * 0.31, h * 0.42), (w * 0.46, h * 0.36)], (214, 40, 57))
    return picture.resize((width, height), Image.LANCZOS)


def arrow():
    """Points up, with a red corner at its top left."""
    picture = Image.new("RGB", (120, 80), (240, 235, 220))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(60, 8), (92, 40), (72, 40), (72, 72), (48, 72), (48, 40), (28, 40)], (38, 70, 83))
    draw.rectangle([0, 0, 23, 23], (214, 40, 57))
    return picture


def orientations():
    # how the upright picture lies in a file of each orientation
    stored = {
        1: None,
        2: Image.FLIP_LEFT_RIGHT,
        3: Image.ROTATE_180,
        4: Image.FLIP_TOP_BOTTOM,
        5: Image.TRANSPOSE,
        6: Image.ROTATE_90,
        7: Image.TRANSVERSE,
        8: Image.ROTATE_270,
    }
    for number, turn in stored.items():
        picture = arrow() if turn is None else arrow().transpose(turn)
        exif = Image.Exif()
        exif[0x0112] = number
        picture.save(path("orientation", f"{number}.jpg"), quality=92, subsampling=0, exif=exif)


# --- colour spaces: matrices to XYZ (D50), from the spaces' own specifications

SRGB = ((0.4360747, 0.3850649, 0.1430804), (0.2225045, 0.7168786, 0.0606169), (0.0139322, 0.0971045, 0.7141733))
P3 = ((0.5151187, 0.2919778, 0.1571035), (0.2411892, 0.6922441, 0.0665668), (-0.0010505, 0.0418791, 0.7840713))
ADOBE = ((0.6097559, 0.2052401, 0.1492240), (0.3111242, 0.6256560, 0.0632197), (0.0194811, 0.0608902, 0.7448387))


def times(m, v):
    return [sum(a * b for a, b in zip(row, v)) for row in m]


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det),
        ((f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det),
        ((d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det),
    )


def srgb_light(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def srgb_value(v):
    return v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055


def profile(matrix, curve):
    """An ICC profile, version 4, of three primaries and one parametric curve."""
    fixed = lambda v: struct.pack(">i", round(v * 65536))
    xyz = lambda x, y, z: b"XYZ \0\0\0\0" + fixed(x) + fixed(y) + fixed(z)
    words = lambda t: b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(t) * 2, 28) + t.encode("utf-16-be")
    kind = 0 if len(curve) == 1 else 3
    para = b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(fixed, curve))
    columns = list(zip(*matrix))
    tags = [(b"desc", words("fixture")), (b"cprt", words("CC0")), (b"wtpt", xyz(0.9642, 1.0, 0.8249))]
    tags += [(name, xyz(*column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns)]
    tags += [(name, para) for name in (b"rTRC", b"gTRC", b"bTRC")]
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    size = at + len(body)
    head = struct.pack(">I4xI4s4s4s12x4s4x24x", size, 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


PATCHES = [(200, 80, 60), (240, 190, 80), (90, 150, 90), (60, 110, 170), (128, 128, 128), (230, 220, 210)]


def patches(convert=lambda c: c, mode="RGB"):
    picture = Image.new(mode, (120, 20))
    draw = ImageDraw.Draw(picture)
    for i, color in enumerate(PATCHES):
        draw.rectangle([i * 20, 0, i * 20 + 19, 19], convert(color))
    return picture


def into(matrix, encode):
    back = inverse(matrix)

    def convert(color):
        light = times(back, times(SRGB, [srgb_light(c / 255) for c in color]))
        return tuple(round(encode(min(max(v, 0), 1)) * 255) for v in light)

    return convert


def png16(file, color_of):
    """A PNG of 16 bits a sample, which Pillow does not write."""
    import zlib

    row = b"\0" + b"".join(struct.pack(">HHH", *color_of(PATCHES[x // 20])) for x in range(120))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", 120, 20, 16, 2, 0, 0, 0)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * 20)) + chunk(b"IEND", b""))


def colour_profiles():
    case = "colour-profiles"
    srgb_curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    best = {"quality": 98, "subsampling": 0}
    patches().save(path(case, "srgb.png"))
    patches(into(P3, srgb_value)).save(path(case, "display-p3.jpg"), icc_profile=profile(P3, srgb_curve), **best)
    adobe = into(ADOBE, lambda v: v ** (256 / 563))
    patches(adobe).save(path(case, "adobe-rgb.jpg"), icc_profile=profile(ADOBE, (563 / 256,)), **best)
    # full grey component replacement: what the plain formula turns back
    def inks(color):
        k = 255 - max(color)
        return tuple(round(255 * (1 - c / max(color))) for c in color) + (k,)
    patches(inks, "CMYK").save(path(case, "cmyk.jpg"), **best)
    png16(path(case, "sixteen-bits.png"), lambda color: [c * 257 for c in color])
    luma = lambda c: round(0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2])
    patches(luma, "L").save(path(case, "grey.jpg"), quality=98)
    patches(lambda c: (luma(c),) * 3).save(path(case, "grey-srgb.png"))


def masks():
    width, height = 200, 200
    mask = Image.new("L", (width, height))
    for x in range(width):
        for y in range(height):
            mask.putpixel((x, y), 255 if (x // 25 + y // 25) % 2 else int(255 * x / width))
    mask.save(path("masks", "light.png"))
    star = Image.new("RGBA", (800, 800))
    points = [(400, 20), (490, 290), (780, 290), (545, 460), (635, 740), (400, 570), (165, 740), (255, 460), (20, 290), (310, 290)]
    ImageDraw.Draw(star).polygon(points, (255, 255, 255, 255))
    star.resize((200, 200), Image.LANCZOS).save(path("masks", "alpha.png"))


def formats():
    small = scene(240, 160)
    small.save(path("formats", "scene.jpg"), quality=90)
    small.save(path("formats", "scene-progressive.jpg"), quality=90, progressive=True)
    small.save(path("formats", "scene.png"))
    small.quantize(256, dither=Image.Dither.NONE).save(path("formats", "scene.gif"))
    small.save(path("formats", "scene.webp"), quality=90)
    small.save(path("formats", "scene.avif"), quality=80)


def main():
    orientations()
    colour_profiles()
    masks()
    formats()
    for case in ("picture-fits", "filters", "masks", "picture-borders", "image-fills", "text-fills", "group-effects", "shadow-layers"):
        scene(480, 320).save(path(case, "scene.jpg"), quality=88)


if __name__ == "__main__":
    main()
