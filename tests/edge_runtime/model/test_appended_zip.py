"""The archive behind a model: readable by any unzip, and one form for given members."""

import hashlib
import io
import zipfile

import pytest

from edge_runtime.model.appended_zip import pack, unpack

MEMBERS = {"card.json": b'{"a": 1}', "labels.txt": b"malignant\n", "golden.npz": b""}
LARGEST = {"card.json": 100, "labels.txt": 100, "golden.npz": 100}
FRONT = b"a FlatBuffer in front"
WHOLE = FRONT + pack(MEMBERS, len(FRONT))


def zipped(members, *, compression=zipfile.ZIP_STORED):
    """The front and an archive as the standard library writes it."""
    file = io.BytesIO()
    file.write(FRONT)
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def test_members_and_their_place_come_back():
    assert unpack(WHOLE, LARGEST) == (len(FRONT), MEMBERS)


def test_the_standard_library_reads_it():
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS


def test_the_bytes_are_the_same_everywhere_and_always():
    # A change here makes every model file in the world unreadable.
    assert hashlib.sha256(WHOLE).hexdigest() == (
        "d9e77d09ec83c3f1b5c373bafcd13719c827e6e69ec2bc3a7cb6b89f00697df2"
    )


@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_is_noticed(bit):
    for place in range(len(FRONT), len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[place] ^= 1 << bit
        with pytest.raises(ValueError, match="the appended zip"):
            unpack(bytes(damaged), LARGEST)


def test_every_truncation_is_noticed():
    for length in range(len(WHOLE)):
        with pytest.raises(ValueError, match="the appended zip"):
            unpack(WHOLE[:length], LARGEST)


@pytest.mark.parametrize("extra", [b"\0", b"PK\5\6", b"signature" * 20])
def test_bytes_behind_it_are_noticed(extra):
    with pytest.raises(ValueError, match="the appended zip"):
        unpack(WHOLE + extra, LARGEST)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"card.json": b""},
        {**MEMBERS, "extra.txt": b""},
        {"labels.txt": b"", "card.json": b"", "golden.npz": b""},
        {"../card.json": b"", "labels.txt": b"", "golden.npz": b""},
        {"/etc/passwd": b"", "labels.txt": b"", "golden.npz": b""},
        {"card.json": b"", "labels.txt": b"", "golden.npz/": b""},
    ],
    ids=lambda members: ",".join(members) or "none",
)
def test_other_members_are_refused(members):
    with pytest.raises(ValueError, match="expected the members"):
        unpack(FRONT + pack(members, len(FRONT)), LARGEST)


def test_a_member_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped([*MEMBERS.items(), ("card.json", b"another")])
    with pytest.raises(ValueError, match="expected the members"):
        unpack(twice, LARGEST)


def test_an_oversized_member_is_refused():
    large = {**MEMBERS, "golden.npz": bytes(101)}
    with pytest.raises(ValueError, match=r"golden\.npz claims 101 bytes"):
        unpack(FRONT + pack(large, len(FRONT)), LARGEST)


def test_a_compressed_member_is_refused_before_it_grows():
    bomb = {**MEMBERS, "golden.npz": bytes(10**7)}.items()
    with pytest.raises(ValueError, match="compressed"):
        unpack(zipped(bomb, compression=zipfile.ZIP_DEFLATED), LARGEST)


def test_another_writers_archive_is_refused():
    with pytest.raises(ValueError, match="another tool"):
        unpack(zipped(MEMBERS.items()), LARGEST)


@pytest.mark.parametrize("content", [b"", FRONT, b"PK\5\6", bytes(100)])
def test_what_is_no_archive_is_refused(content):
    with pytest.raises(ValueError, match="the appended zip"):
        unpack(content, LARGEST)
