"""A folder of photos as they come from phones and cameras: formats, turns, colours."""

import csv
import io

from PIL import Image, ImageCms, ImageOps

EXIF_ORIENTATION = 0x0112
# EXIF's orientation, and how the stored picture has to be turned for it.
_STORED = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
_TURNED = (1, 6, 3, 8)
# How the photo is saved and in which folder, in turns of eight.
_FORMS = (
    ("camera/{}.jpg", "JPEG", False), ("camera/{}.JPG", "JPEG", True),
    ("scans/{}.png", "PNG", False), ("iphone/{}.HEIC", "HEIF", True),
    ("pixel/{}.avif", "AVIF", False), ("camera/{}.jpeg", "JPEG", False),
    ("iphone/{}.heic", "HEIF", False), ("scans/{}.webp", "WEBP", True),
)  # fmt: skip


def write_mixed(folder, photos, display_p3):
    """Write a user's folder; returns the paths by format.

    Args:
        folder: gets the photos in four folders, and ``labels.csv`` with the columns
            ``image`` (the file's name without its ending) and ``dx`` (mel or nv).
        photos: pairs of an RGB picture and whether the lesion is malignant.
        display_p3: ICC profile; every second or third format is saved in its colours,
            converted, so that whoever reads the profile sees the same picture.
    """
    import pillow_heif

    pillow_heif.register_heif_opener()
    to_p3 = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), io.BytesIO(display_p3), "RGB", "RGB"
    )
    written, rows = {}, []
    for number, (picture, malignant) in enumerate(photos):
        place, form, wide = _FORMS[number % len(_FORMS)]
        name = f"IMG_{number:04d}"
        path = folder / place.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {}
        if wide:
            picture = ImageCms.applyTransform(picture, to_p3)
            options["icc_profile"] = display_p3
        turned = _TURNED[number // len(_FORMS) % len(_TURNED)]
        if form in ("JPEG", "WEBP") and turned != 1:
            picture = picture.transpose(_STORED[turned])
            exif = Image.Exif()
            exif[EXIF_ORIENTATION] = turned
            options["exif"] = exif
        if form != "PNG":
            options["quality"] = 92
        if form == "AVIF":
            options["speed"] = 10
        picture.save(path, form, **options)
        written.setdefault(form, []).append(path)
        rows.append({"image": name, "dx": "mel" if malignant else "nv"})
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["image", "dx"])
        writer.writeheader()
        writer.writerows(rows)
    return written


def upright(path):
    """The picture as a person sees it, in sRGB; for checking what was written."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")
