import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from paribus.data.sources.images import decoding
from paribus.data.sources.images.decoding import decode
from paribus.errors import DataError


def saved(image, kind="PNG", **how):
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def pixel(content, **how):
    """The middle pixel of a decoded picture."""
    return decode(content, 8, **how)[:, 4, 4].tolist()


def png(width, height, bits, colour_type, data):
    """A PNG written by hand, so that no encoder has a say in its values."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (257, 1), (32768, 128), (257 * 200, 200), (65535, 255), (300, 1), (4095, 16)]
)
def test_R14_16_bit_grey_is_rescaled(value, expected):
    content = png(8, 8, 16, 0, (b"\0" + struct.pack(">H", value) * 8) * 8)
    assert pixel(content, colour="grey") == [expected]
    assert pixel(content) == [expected] * 3


def test_R14_16_bit_colour_is_rescaled():
    content = png(8, 8, 16, 2, (b"\0" + struct.pack(">HHH", 257 * 10, 257 * 100, 65535) * 8) * 8)
    assert pixel(content) == [10, 100, 255]


def test_R14_16_bit_tiff_is_rescaled():
    tiff = saved(Image.fromarray(np.full((8, 8), 257 * 77, np.uint16)), "TIFF")
    assert pixel(tiff, colour="grey") == [77]


@pytest.mark.parametrize("array", [np.full((8, 8), 0.5, np.float32), np.full((8, 8), 10**6, np.int32)])
def test_R14_pixels_without_a_white_are_refused(array):
    with pytest.raises(DataError, match="no defined white"):
        decode(saved(Image.fromarray(array), "TIFF"), 8)


def half_transparent(mode):
    return Image.new("RGBA", (8, 8), (255, 0, 0, 128)).convert(mode)


def palette(transparent):
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    return saved(image, "PNG", **({"transparency": 1} if transparent else {}))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (saved(Image.new("RGBA", (8, 8), (255, 0, 0, 0))), [255, 255, 255]),
        (saved(Image.new("RGBA", (8, 8), (255, 0, 0, 128))), [255, 127, 127]),
        (saved(Image.new("RGBA", (8, 8), (0, 0, 255, 255))), [0, 0, 255]),
        (saved(Image.new("LA", (8, 8), (0, 0))), [255, 255, 255]),
        (palette(transparent=False), [10, 20, 30]),
        (palette(transparent=True), [255, 255, 255]),
        (saved(Image.new("1", (8, 8), 1)), [255, 255, 255]),
        (saved(Image.new("1", (8, 8), 0)), [0, 0, 0]),
        (saved(Image.new("L", (8, 8), 99)), [99, 99, 99]),
        (saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF"), [255, 0, 0]),
        (saved(Image.new("RGB", (8, 8), (1, 2, 3)), "BMP"), [1, 2, 3]),
        (saved(Image.new("RGB", (8, 8), (1, 2, 3)), "WEBP", lossless=True), [1, 2, 3]),
        (saved(Image.new("RGB", (8, 8), (0, 255, 0)), "GIF"), [0, 255, 0]),
        (saved(Image.new("L", (8, 8), 5), "PPM"), [5, 5, 5]),
        (saved(Image.new("RGB", (8, 8), "white"), "PNG", transparency=(0, 0, 0)), [255, 255, 255]),
        (saved(Image.new("RGB", (8, 8), "black"), "PNG", transparency=(0, 0, 0)), [255, 255, 255]),
    ],
)
def test_R15_every_kind_of_picture_has_its_golden_pixel(content, expected):
    assert pixel(content) == expected


def test_R15_jpeg_in_cmyk():
    red = pixel(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100))
    assert np.allclose(red, [255, 0, 0], atol=3)


def test_R15_the_first_frame_of_an_animation_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    assert pixel(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])) == [255, 0, 0]


def test_R15_content_decides_not_the_extension(tmp_path):
    path = tmp_path / "png.jpg"
    path.write_bytes(saved(Image.new("RGB", (8, 8), (9, 8, 7))))
    assert pixel(path) == [9, 8, 7]


def test_grey_is_the_luma_of_colour():
    assert pixel(saved(Image.new("RGB", (8, 8), (255, 0, 0))), colour="grey") == [76]  # 0.299 · 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_R16_pictures_stand_upright(orientation, kind):
    corners = np.zeros((16, 16, 3), np.uint8)
    corners[:8, :8], corners[:8, 8:], corners[8:, :8] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(Image.fromarray(corners), kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    assert np.array_equal(decode(content, 16), expected.transpose(2, 0, 1))


def test_R16_transparency_survives_turning():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert pixel(saved(Image.new("RGB", (8, 8), "black"), "PNG", transparency=(0, 0, 0), exif=exif)) == [255] * 3


def test_R17_bombs_are_an_error(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1000)
    with pytest.raises(DataError, match="at most 1,000 pixels") as caught:
        decode(saved(Image.new("1", (100, 100))), 8)
    assert caught.value.hint


@pytest.mark.parametrize("side", [10_500, 20_000])
def test_R17_a_small_file_that_claims_to_be_huge(side):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow may warn, the error is ours
        with pytest.raises(DataError, match="at most 80,000,000 pixels"):
            decode(png(side, side, 8, 0, b""), 8)


def test_R17_only_listed_formats_are_opened():
    with pytest.raises(DataError, match="known format"):
        decode(saved(Image.new("RGB", (8, 8)), "ICO"), 8)
    with pytest.raises(DataError, match="known format"):
        decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", 8)


def bad_checksum():
    content = bytearray(saved(Image.new("RGB", (64, 64), "red")))
    at = content.index(b"IDAT")
    length = struct.unpack(">I", content[at - 4 : at])[0]
    content[at + 4 + length] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"these are words", "not a picture"),
        (saved(Image.effect_noise((64, 64), 50), "JPEG")[:-400], "damaged: .*truncated"),
        (saved(Image.effect_noise((64, 64), 50), "PNG")[:-400], "damaged"),
        (bad_checksum(), "damaged"),
        (saved(Image.effect_noise((64, 64), 50), "GIF")[:-400], "damaged"),
        (b"\xff\xd8\xff", "not a picture"),
    ],
)
def test_R13_bad_files_say_why(content, reason, tmp_path):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        decode(path, 8)
    assert caught.value.got == str(path)


def test_R13_no_file_and_no_regular_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        decode(tmp_path / "none.png", 8)
    with pytest.raises(DataError, match="not a regular file"):
        decode(tmp_path, 8)


def stripes():
    """White with a red left fifth and a blue right fifth, 20 high and 100 wide."""
    pixels = np.full((20, 100, 3), 255, np.uint8)
    pixels[:, :20], pixels[:, 80:] = (255, 0, 0), (0, 0, 255)
    return saved(Image.fromarray(pixels))


def test_fit_crop_keeps_the_middle():
    assert (decode(stripes(), 20) == 255).all()


def test_fit_stretch_keeps_everything():
    result = decode(stripes(), 20, fit="stretch")
    assert result[:, 10, 1].tolist() == [255, 0, 0]
    assert result[:, 10, 18].tolist() == [0, 0, 255]


def test_fit_pad_keeps_everything_on_white():
    result = decode(stripes(), 20, fit="pad")
    assert result[:, 10, 1].tolist() == [255, 0, 0]
    assert (result[:, :8] == 255).all()
    assert (result[:, 12:] == 255).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 7)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_any_shape_fits(size, fit):
    result = decode(saved(Image.new("RGB", size, "red")), 16, fit=fit)
    assert result.shape == (3, 16, 16)
    assert result.flags.c_contiguous
    assert result.dtype == np.uint8


def test_a_large_jpeg_decoded_small_is_the_same_picture():
    ramp = np.linspace(0, 255, 1024).astype(np.uint8)
    image = Image.fromarray(np.broadcast_to(ramp, (1024, 1024)).copy())
    quick = decode(saved(image, "JPEG", quality=95), 64, colour="grey").astype(int)
    exact = decode(saved(image, "PNG"), 64, colour="grey").astype(int)
    assert abs(quick - exact).max() <= 3


STRIPES = np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[None], 8, 0)  # 8 rows of 12 columns, each its own grey


@pytest.mark.parametrize(
    ("fit", "size", "expected"),
    [
        ("cut", (8, 4), STRIPES[:, 4:8]),
        ("cut", (4, 12), STRIPES[:4]),
        ("crop", (8, 12), STRIPES),
        ("crop", (8, 6), STRIPES[:, 3:9]),
        ("stretch", (8, 12), STRIPES),
        ("pad", (8, 12), STRIPES),
    ],
)
def test_pictures_are_brought_to_rectangles(fit, size, expected):
    assert decode(saved(Image.fromarray(STRIPES)), size, "grey", fit)[0].tolist() == expected.tolist()


def test_pictures_keep_their_own_size_if_asked_to():
    assert decode(saved(Image.fromarray(STRIPES)), None, "grey")[0].tolist() == STRIPES.tolist()


def test_what_is_missing_beside_a_cut_picture_is_white():
    grown = decode(saved(Image.fromarray(STRIPES)), (10, 14), "grey", "cut")[0]
    assert grown[1:-1, 1:-1].tolist() == STRIPES.tolist()
    assert (np.delete(grown, np.s_[1:-1], 0) == 255).all()


def test_the_size_of_a_picture_is_that_of_its_upright_self():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decoding.size_of(saved(Image.fromarray(STRIPES)), "x") == (8, 12)
    assert decoding.size_of(saved(Image.fromarray(STRIPES), "JPEG", exif=exif), "x") == (12, 8)


def test_R15_a_deep_grey_that_is_named_transparent_becomes_white():
    """Pixels 0 and 30000 of a 16-bit PNG whose tRNS chunk says that 0 is not there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 1, 16, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" + struct.pack(">HH", 0, 30000))
    parts = {b"IHDR": header, b"tRNS": struct.pack(">H", 0), b"IDAT": pixels, b"IEND": b""}
    png = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in parts.items())
    assert decode(png, None, "grey", "cut").tolist() == [[[255, 117]]]
