"""ICC profiles for tests, written by hand: Display P3, ProPhoto RGB and sRGB."""

import struct

# Columns X, Y, Z of red, green and blue, adapted to D50, and the tone curve's gamma.
SPACES = {
    "Display P3": (
        (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189),
        (0.15710, 0.06657, 0.78407), 2.2,
    ),
    "ProPhoto RGB": (
        (0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491),
        1.8,
    ),
    "sRGB IEC61966-2.1": (
        (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708),
        (0.14307, 0.06061, 0.71410), 2.2,
    ),
}  # fmt: skip
WHITE = (0.9642, 1.0, 0.8249)


def profile(name):
    """The profile of that name; ICC.1:2001-04 (version 2.4), matrix and curves."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(
            struct.pack(">i", round(value * 65536)) for value in values
        )

    red, green, blue, gamma = SPACES[name]
    text = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    tags = {
        b"desc": description, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz(WHITE),
        b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    table, content = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    size = start + len(content)
    header = struct.pack(">I4s", size, b"lcms") + b"\x02\x40\0\0mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28)
    header += b"".join(struct.pack(">i", round(v * 65536)) for v in WHITE)
    header += bytes(128 - len(header))
    return header + struct.pack(">I", len(tags)) + table + content
