"""Whatever a person hands over becomes upright 8-bit RGB, or a clear refusal."""

import importlib.util
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image, TiffImagePlugin, features

from edge_runtime.errors import PhotoError
from edge_runtime.photos import faults
from edge_runtime.photos.decoding import MAX_PIXELS, read_photo, source_name

# Older Pillows do not know the name of what they lack.
WITH_AVIF = "avif" in features.modules and features.check("avif")

ORIENTATION = 0x0112
# EXIF 2.32, section 4.6.4: from the stored picture to the upright one. Each is undone
# by the entry beside it.
TURNS = {
    1: (lambda a: a, lambda a: a),
    2: (np.fliplr, np.fliplr),
    3: (lambda a: np.rot90(a, 2), lambda a: np.rot90(a, 2)),
    4: (np.flipud, np.flipud),
    5: (lambda a: a.swapaxes(0, 1), lambda a: a.swapaxes(0, 1)),
    6: (lambda a: np.rot90(a, -1), lambda a: np.rot90(a, 1)),
    7: (
        lambda a: np.rot90(a, 2).swapaxes(0, 1),
        lambda a: np.rot90(a.swapaxes(0, 1), -2),
    ),
    8: (lambda a: np.rot90(a, 1), lambda a: np.rot90(a, -1)),
}
webp = pytest.mark.skipif(not features.check("webp"), reason="Pillow without WebP")


@pytest.fixture(scope="module")
def image(drawn):
    return drawn()


@pytest.fixture(scope="module")
def frames(drawn):
    return [Image.fromarray(drawn(seed=seed)) for seed in range(3)]


def png_header(width, height, *, colour_type=2):
    """A PNG that promises so many pixels and brings none."""

    def chunk(name, content):
        checked = name + content
        size = struct.pack(">I", len(content))
        return size + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">2I5B", width, height, 8, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def resized_header(jpeg, width, height):
    """A JPEG whose header claims another size."""
    start = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:start] + struct.pack(">2H", height, width) + jpeg[start + 4 :]


class TestSources:
    def test_all_kinds_of_source_give_the_same_pixels(self, image, encoded, tmp_path):
        path = tmp_path / "photo.png"
        path.write_bytes(encoded(image, "PNG"))
        with path.open("rb") as file, Image.open(path) as picture:
            for source in (path, str(path), path.read_bytes(), file, picture, image):
                np.testing.assert_array_equal(read_photo(source), image)

    def test_a_file_object_needs_no_name(self, image, encoded):
        found = read_photo(io.BytesIO(encoded(image, "PNG")))
        np.testing.assert_array_equal(found, image)

    def test_result_is_rgb_of_eight_bits(self, image, encoded):
        found = read_photo(encoded(image, "JPEG"))
        assert found.shape == (96, 128, 3)
        assert found.dtype == np.uint8

    def test_colours_arrive_in_their_order(self, encoded):
        card = np.zeros((8, 8, 3), np.uint8)
        card[:] = (250, 120, 10)
        for file_format in ("PNG", "BMP", "TIFF"):
            np.testing.assert_array_equal(read_photo(encoded(card, file_format)), card)

    @pytest.mark.parametrize(
        ("array", "words"),
        [
            (np.zeros((4, 4), np.uint8), r"\(4, 4\)"),
            (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
            (np.zeros((4, 4, 3), np.float32), "float32"),
            (np.zeros((0, 4, 3), np.uint8), "empty"),
        ],
    )
    def test_other_arrays_are_refused(self, array, words):
        with pytest.raises(PhotoError, match=words):
            read_photo(array)

    def test_names_tell_photos_apart(self, image):
        assert source_name("folder/a.jpg") == "folder/a.jpg"
        assert source_name(Path("folder") / "a.jpg") == str(Path("folder") / "a.jpg")
        assert source_name(b"\xff\xd8") == "photo"
        assert source_name(image) == "array"
        named = io.BytesIO()
        named.name = "upload.jpg"
        assert source_name(named) == "upload.jpg"


class TestModes:
    def test_grey_becomes_three_equal_channels(self, image, encoded):
        grey = Image.fromarray(image[..., 0])
        found = read_photo(encoded(grey, "PNG"))
        np.testing.assert_array_equal(found, np.repeat(image[..., :1], 3, axis=2))

    def test_black_and_white_becomes_black_and_white(self, encoded):
        bits = np.eye(8, dtype=bool)
        found = read_photo(encoded(Image.fromarray(bits), "PNG"))
        np.testing.assert_array_equal(found[..., 0], bits * 255)

    @pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
    def test_sixteen_bits_are_scaled_not_clipped(self, encoded, file_format):
        # 257 * k in 16 bits is the same grey as k in 8 bits.
        levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
        deep = Image.fromarray(levels * 257)
        found = read_photo(encoded(deep, file_format))
        np.testing.assert_array_equal(found[..., 1], levels)

    def test_floating_point_from_0_to_1_is_scaled(self, encoded):
        levels = np.arange(256, dtype=np.float32).reshape(16, 16)
        found = read_photo(encoded(Image.fromarray(levels / 255), "TIFF"))
        np.testing.assert_array_equal(found[..., 1], levels)

    def test_a_hole_in_floating_point_is_black(self, encoded):
        levels = np.array([[np.nan, 1.0], [0.5, 0.0]], np.float32)
        found = read_photo(encoded(Image.fromarray(levels), "TIFF"))
        np.testing.assert_array_equal(found[..., 0], [[0, 255], [128, 0]])

    def test_cmyk_ink_becomes_light(self, encoded):
        ink = np.zeros((16, 16, 4), np.uint8)
        ink[:8] = (0, 255, 255, 0)  # magenta and yellow make red
        ink[8:] = (0, 0, 0, 255)  # black
        found = read_photo(encoded(Image.fromarray(ink, "CMYK"), "TIFF"))
        np.testing.assert_array_equal(found[0, 0], (255, 0, 0))
        np.testing.assert_array_equal(found[15, 15], (0, 0, 0))

    def test_a_cmyk_jpeg_is_not_inverted(self, encoded):
        ink = np.zeros((16, 16, 4), np.uint8)
        ink[:] = (0, 200, 100, 20)
        found = read_photo(encoded(Image.fromarray(ink, "CMYK"), "JPEG", quality=95))
        light = (255 - ink[0, 0, :3].astype(int)) * (255 - 20) / 255
        # JPEG keeps an even area to within its quantisation step: 2 at quality 95.
        assert np.abs(found[8, 8] - light).max() <= 3

    @pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
    def test_transparency_lies_on_white(self, encoded, file_format):
        layer = np.zeros((4, 4, 4), np.uint8)
        layer[..., 3] = [[0, 51, 204, 255]] * 4
        found = read_photo(encoded(Image.fromarray(layer), file_format))
        # Black ink that lets 1 - alpha of the white paper through.
        np.testing.assert_array_equal(found[0, :, 0], [255, 204, 51, 0])

    def test_transparent_grey_lies_on_white(self, encoded):
        layer = Image.merge("LA", [Image.new("L", (4, 4), 90), Image.new("L", (4, 4))])
        assert (read_photo(encoded(layer, "PNG")) == 255).all()

    def test_a_palette_gives_its_colours(self, image, encoded):
        indexed = Image.fromarray(image).quantize(16)
        found = read_photo(encoded(indexed, "PNG"))
        np.testing.assert_array_equal(found, np.asarray(indexed.convert("RGB")))

    @pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
    def test_a_transparent_palette_entry_is_white(self, encoded, transparency):
        indexed = Image.new("P", (4, 4), 0)
        indexed.putpalette([10, 20, 30, 40, 50, 60])
        indexed.putpixel((0, 0), 1)
        found = read_photo(encoded(indexed, "PNG", transparency=transparency))
        np.testing.assert_array_equal(found[0, 0], (40, 50, 60))
        np.testing.assert_array_equal(found[3, 3], (255, 255, 255))


class TestOrientation:
    @pytest.mark.parametrize("orientation", TURNS)
    @pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
    def test_all_eight_come_out_upright(self, image, encoded, orientation, file_format):
        upright_from_stored, stored_from_upright = TURNS[orientation]
        stored = np.ascontiguousarray(stored_from_upright(image))
        np.testing.assert_array_equal(upright_from_stored(stored), image)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        found = read_photo(encoded(stored, file_format, exif=exif))
        np.testing.assert_array_equal(found, image)

    @pytest.mark.parametrize("orientation", TURNS)
    def test_jpegs_decoded_at_reduced_scale_too(self, drawn, encoded, orientation):
        image = drawn(480, 640)
        stored = np.ascontiguousarray(TURNS[orientation][1](image))
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        found = read_photo(
            encoded(stored, "JPEG", quality=95, exif=exif), for_size_px=30
        )
        assert found.shape == (120, 160, 3)
        quarter = image.reshape(120, 4, 160, 4, 3).mean(axis=(1, 3))
        # Any other turn or flip of this picture is 9 levels or more away.
        assert np.abs(found - quarter).mean() < 3

    def test_an_impossible_orientation_changes_nothing(self, image, encoded):
        exif = Image.Exif()
        exif[ORIENTATION] = 77
        np.testing.assert_array_equal(
            read_photo(encoded(image, "PNG", exif=exif)), image
        )

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
    def test_a_broken_exif_block_is_ignored(self, image, encoded):
        jpeg = encoded(image, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")
        assert read_photo(jpeg).shape == image.shape


class TestReducedDecode:
    @pytest.mark.parametrize(
        ("size_px", "expected"),
        [(16, (150, 200)), (32, (150, 200)), (64, (300, 400)), (256, (600, 800))],
    )
    def test_quarter_scale_is_the_least_and_keeps_four_pixels_for_one(
        self, drawn, encoded, size_px, expected
    ):
        jpeg = encoded(drawn(600, 800), "JPEG")
        assert read_photo(jpeg, for_size_px=size_px).shape[:2] == expected

    def test_a_small_photo_is_decoded_whole(self, image, encoded):
        assert read_photo(encoded(image, "JPEG"), for_size_px=64).shape == image.shape

    def test_only_jpegs_are_reduced(self, drawn, encoded):
        png = encoded(drawn(300, 300), "PNG")
        assert read_photo(png, for_size_px=32).shape == (300, 300, 3)


class TestRefusals:
    def test_an_absent_photo_is_named(self, tmp_path):
        with pytest.raises(PhotoError, match=r"nowhere\.jpg cannot be read: No such"):
            read_photo(tmp_path / "nowhere.jpg")

    def test_a_folder_is_no_photo(self, tmp_path):
        with pytest.raises(PhotoError, match="a folder without photos"):
            read_photo(tmp_path)

    @pytest.mark.skipif(
        not Path("/dev/zero").exists(), reason="this system has no such device"
    )
    def test_a_device_that_never_ends_is_no_photo(self):
        with pytest.raises(PhotoError, match="/dev/zero is not a file"):
            read_photo("/dev/zero")

    def test_an_empty_photo_is_named(self, tmp_path):
        path = tmp_path / "empty.jpg"
        path.touch()
        with pytest.raises(PhotoError, match=r"empty\.jpg is empty"):
            read_photo(path)

    def test_a_text_is_no_photo(self, tmp_path):
        path = tmp_path / "notes.jpg"
        path.write_text("not a picture at all", encoding="utf-8")
        with pytest.raises(PhotoError, match=r"notes\.jpg is not a picture"):
            read_photo(path)

    @pytest.mark.parametrize(
        "file_format",
        ["JPEG", "PNG", "GIF", "BMP", "TIFF", pytest.param("WEBP", marks=webp)],
    )
    @pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
    def test_a_truncated_photo_is_refused(self, image, encoded, file_format, share):
        whole = encoded(image, file_format)
        # Never in a decoder's words, such as "image file is truncated".
        ours = "photo (is damaged or ends too early|is not a picture).*expected"
        with pytest.raises(PhotoError, match=ours):
            read_photo(whole[: int(len(whole) * share)])

    @pytest.mark.parametrize(
        ("width", "height"), [(60_000, 60_000), (10_000, 9_000), (2**31 - 1, 1)]
    )
    def test_a_decompression_bomb_is_refused_before_decoding(self, width, height):
        ours = "photo (has|is too large).*at most 89,478,485.*Make it smaller first"
        with pytest.raises(PhotoError, match=ours):
            read_photo(png_header(width, height))

    @pytest.mark.parametrize("size_px", [None, 64])
    def test_a_huge_jpeg_is_refused_although_it_could_be_reduced(
        self, image, encoded, size_px
    ):
        huge = resized_header(encoded(image, "JPEG"), 12_000, 8_000)
        with pytest.raises(PhotoError, match="12000 x 8000"):
            read_photo(huge, for_size_px=size_px)

    def test_a_huge_pil_image_is_refused(self):
        huge = Image.new("1", (MAX_PIXELS // 1000 + 1, 1000))
        with pytest.raises(PhotoError, match="at most"):
            read_photo(huge)

    @pytest.mark.parametrize(
        "file_format",
        ["GIF", "PNG", "TIFF", pytest.param("WEBP", marks=webp)],
    )
    def test_an_animation_is_refused(self, frames, encoded, file_format):
        first, *others = frames
        film = encoded(first, file_format, save_all=True, append_images=others)
        with pytest.raises(PhotoError, match="3 frames"):
            read_photo(film)

    def test_a_gif_with_one_frame_is_a_photo(self, image, encoded):
        assert read_photo(encoded(image, "GIF")).shape == image.shape

    @pytest.mark.skipif(
        int(PIL.__version__.split(".")[0]) < 10,
        reason="Pillow 9 writes broken multi-picture files, though it reads good ones",
    )
    @pytest.mark.parametrize("size_px", [None, 8])
    def test_of_a_cameras_multi_picture_file_the_first_counts(
        self, frames, encoded, size_px
    ):
        first, *others = frames
        film = encoded(first, "MPO", save_all=True, append_images=others, quality=95)
        found = read_photo(film, for_size_px=size_px)
        alone = read_photo(encoded(first, "JPEG", quality=95), for_size_px=size_px)
        np.testing.assert_array_equal(found, alone)

    # Pillow may warn about what it makes of a damaged file.
    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "TIFF", "BMP"])
    def test_damage_never_escapes_as_another_error(self, drawn, encoded, file_format):
        whole = encoded(drawn(24, 32), file_format)
        random = np.random.default_rng(0)
        for _ in range(100):
            damaged = bytearray(whole)
            for place in random.integers(0, len(whole), 4):
                damaged[place] = random.integers(0, 256)
            try:
                found = read_photo(bytes(damaged), for_size_px=32)
            except PhotoError:
                continue
            assert found.ndim == 3
            assert found.shape[2] == 3


def chunk(name, content):
    checked = name + content
    size = struct.pack(">I", len(content))
    return size + checked + struct.pack(">I", zlib.crc32(checked))


class TestOddBlocks:
    """A whole picture is judged, whatever stands in the blocks beside it."""

    @pytest.mark.parametrize(
        "block",
        [
            chunk(b"eXIf", b"\0\x08\0\2\1\x12\0\3"),
            chunk(b"eXIf", bytes(20)),
            chunk(
                b"tEXt", b"Raw profile type exif\0\nexif\n  12\n457869660000414243\n"
            ),
        ],
    )
    def test_a_png_with_odd_exif_is_a_photo(self, image, encoded, block):
        png = encoded(image, "PNG")
        place = png.index(b"IDAT") - 4
        odd = png[:place] + block + png[place:]
        assert np.array_equal(read_photo(odd), image)

    @webp
    @pytest.mark.parametrize("exif", [b"garbage garbage", bytes(16)])
    def test_a_webp_with_odd_exif_is_a_photo(self, image, encoded, exif):
        odd = encoded(image, "WEBP", lossless=True, exif=b"Exif\0\0" + exif)
        assert np.array_equal(read_photo(odd), image)

    def test_a_broken_colour_profile_is_as_good_as_none(self, image, encoded):
        odd = encoded(image, "PNG", icc_profile=b"no profile" * 20)
        assert np.array_equal(read_photo(odd), image)


@pytest.fixture(scope="module")
def icc():
    spec = importlib.util.spec_from_file_location(
        "icc", Path(__file__).parent / "icc.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestColourProfiles:
    # Where these sRGB colours lie in the other space, gamma 2.2 or 1.8, by the matrices
    # of the profiles alone.
    @pytest.mark.parametrize("name", ["Display P3", "ProPhoto RGB"])
    @pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
    def test_other_colours_become_those_of_srgb(self, encoded, icc, name, file_format):
        def linear(space):
            *columns, gamma = icc.SPACES[space]
            return np.array(columns).T, gamma

        srgb = np.array([190, 120, 100])
        matrix, _ = linear("sRGB IEC61966-2.1")
        theirs, their_gamma = linear(name)
        light = matrix @ (((srgb / 255 + 0.055) / 1.055) ** 2.4)
        stored = (np.linalg.solve(theirs, light) ** (1 / their_gamma) * 255).round()
        picture = np.full((32, 32, 3), stored, np.uint8)
        options = {"quality": 100, "subsampling": 0} if file_format == "JPEG" else {}
        photo = encoded(picture, file_format, icc_profile=icc.profile(name), **options)
        assert np.abs(picture[0, 0] - srgb.astype(int)).max() > 8
        assert np.abs(read_photo(photo)[16, 16] - srgb.astype(int)).max() <= 3

    def test_a_profile_of_srgb_changes_nothing(self, image, encoded, icc):
        profile = icc.profile("sRGB IEC61966-2.1")
        assert np.array_equal(
            read_photo(encoded(image, "PNG", icc_profile=profile)), image
        )

    @pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
    def test_pictures_that_do_not_fit_their_profile_are_read(
        self, image, encoded, icc, mode
    ):
        photo = encoded(
            np.asarray(Image.fromarray(image).convert(mode)) if mode != "P" else
            np.asarray(Image.fromarray(image).convert("L")),
            "PNG", icc_profile=icc.profile("Display P3"),
        )  # fmt: skip
        assert read_photo(photo).shape == image.shape

    def test_orientation_and_profile_go_together(self, image, encoded, icc):
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        profile = icc.profile("Display P3")
        turned = read_photo(encoded(image, "PNG", icc_profile=profile, exif=exif))
        straight = read_photo(encoded(image, "PNG", icc_profile=profile))
        assert np.array_equal(turned, np.rot90(straight, -1))


class TestWhatPillowCannotDecode:
    def heic(self):
        return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"

    def test_heic_names_the_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        with pytest.raises(PhotoError, match="pip install pillow-heif") as caught:
            read_photo(self.heic(), name="IMG_1.HEIC")
        assert "IMG_1.HEIC is a HEIC photo" in str(caught.value)

    def test_heic_is_read_where_the_extra_is_installed(self, image):
        pillow_heif = pytest.importorskip("pillow_heif")
        encoded = io.BytesIO()
        heif = pillow_heif.from_pillow(Image.fromarray(image))
        heif.save(encoded, quality=95)
        found = read_photo(encoded.getvalue())
        assert np.abs(found.astype(int) - image).mean() < 6

    @pytest.mark.skipif(not WITH_AVIF, reason="Pillow without AVIF")
    def test_avif_is_read_with_its_orientation(self, image, encoded):
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        found = read_photo(encoded(image, "AVIF", quality=95, exif=exif))
        assert np.abs(found.astype(int) - np.rot90(image, -1)).mean() < 6

    @pytest.mark.parametrize(
        ("start", "named"),
        [
            (b"\xff\x0a" + bytes(20), "a JPEG XL photo"),
            (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "a JPEG XL photo"),
            (b"\0\0\0\x18ftypcrx " + bytes(20), "a raw photo"),
            (b"\0\0\0\x18ftypisom" + bytes(20), "a video"),
        ],
    )
    def test_other_formats_are_named(self, start, named):
        with pytest.raises(PhotoError, match=named):
            read_photo(start, name="it")

    def test_an_arithmetic_coded_jpeg_that_fails_is_named(self, image, encoded):
        jpeg = bytearray(encoded(image, "JPEG"))
        place = jpeg.index(b"\xff\xc0")
        jpeg[place + 1] = 0xC9
        error = faults.damaged("a.jpg", OSError("broken data"), bytes(jpeg))
        assert "arithmetic-coded JPEG" in str(error)
        error = faults.damaged("a.jpg", OSError("broken"), encoded(image, "JPEG"))
        assert "is damaged" in str(error)

    @pytest.mark.parametrize("tag", [(0x00FE, 4, 1), (0xC612, 1, 1)])
    def test_a_raw_photo_is_not_judged_by_its_thumbnail(self, image, encoded, tag):
        thumbnail = Image.fromarray(image)
        number, kind, value = tag
        info = TiffImagePlugin.ImageFileDirectory_v2()
        info[number] = value
        info.tagtype[number] = kind
        with pytest.raises(PhotoError, match="raw photo"):
            read_photo(encoded(thumbnail, "TIFF", tiffinfo=info))
