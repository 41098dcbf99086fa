"""The folder of documents: what was kept comes back to the byte, or not at all."""

import errno
import io
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import store as storing
from app.documents.keys import KeyRing, NoKey
from app.documents.store import PIECE, Damaged, Store, Stored

KEY, OTHER = "k" * 32, "o" * 32
SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7]


@pytest.fixture
def store(documents_dir: Path) -> Store:
    return Store(documents_dir, KeyRing(KEY))


def content_of(store: Store, stored: Stored) -> bytes:
    return b"".join(store.read(stored))


def file_of(folder: Path, stored: Stored) -> Path:
    return folder / "kept" / stored.stored_as


@pytest.mark.parametrize("size", SIZES)
def test_what_was_kept_comes_back_to_the_byte(store: Store, size: int) -> None:
    content = os.urandom(size)
    stored = store.write(io.BytesIO(content))
    assert content_of(store, stored) == content
    assert stored.size == size


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=5 * 64), piece=st.sampled_from([16, 64]))
def test_any_content_comes_back_whatever_the_size_of_the_pieces(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, piece: int
) -> None:
    store = Store(tmp_path_factory.mktemp("documents"), KeyRing(KEY))
    before, storing.PIECE = storing.PIECE, piece
    try:
        assert content_of(store, store.write(io.BytesIO(content))) == content
    finally:
        storing.PIECE = before


def test_nothing_of_a_document_can_be_read_on_the_disk(store: Store, documents_dir: Path) -> None:
    stored = store.write(io.BytesIO(b"Canary Wren " * 20_000))
    on_disk = file_of(documents_dir, stored).read_bytes()
    assert b"Canary" not in on_disk
    pieces = [on_disk[at : at + 64] for at in range(0, len(on_disk), 64)]
    assert len(set(pieces)) == len(pieces), "what repeats itself must not show"


def test_the_same_file_twice_has_two_names_and_two_keys(store: Store, documents_dir: Path) -> None:
    one, two = (store.write(io.BytesIO(b"the same")) for _ in range(2))
    assert one.stored_as != two.stored_as
    assert file_of(documents_dir, one).read_bytes() != file_of(documents_dir, two).read_bytes()


def test_folders_and_files_are_for_the_owner_alone(store: Store, documents_dir: Path) -> None:
    stored = store.write(io.BytesIO(b"content"))
    with store.incoming():
        for folder in ("kept", "arriving"):
            assert stat.S_IMODE((documents_dir / folder).stat().st_mode) == 0o700
    assert stat.S_IMODE(file_of(documents_dir, stored).stat().st_mode) == 0o600


def test_what_is_just_being_sent_has_no_name(store: Store, documents_dir: Path) -> None:
    with store.incoming() as file:
        file.write(b"Canary Wren")
        file.flush()
        assert list((documents_dir / "arriving").iterdir()) == []


@pytest.mark.parametrize("at", [0, 15, 16, PIECE + 16, PIECE + 40, -1])
def test_a_flipped_bit_is_noticed_before_anything_is_given_out(store: Store, documents_dir: Path, at: int) -> None:
    stored = store.write(io.BytesIO(os.urandom(2 * PIECE + 9)))
    file = file_of(documents_dir, stored)
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(Damaged):
        store.read(stored)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[: PIECE + 16],
        lambda content: content[PIECE + 16 :],
        lambda content: content[PIECE + 16 : 2 * (PIECE + 16)] + content[: PIECE + 16] + content[2 * (PIECE + 16) :],
        lambda content: content + content[-25:],
        lambda content: content[:-1],
        lambda content: b"",
    ],
    ids=["cut off", "beginning gone", "two pieces changed places", "end doubled", "a byte gone", "empty"],
)
def test_pieces_cannot_be_moved_doubled_or_cut_off(store: Store, documents_dir: Path, change) -> None:
    stored = store.write(io.BytesIO(os.urandom(2 * PIECE + 9)))
    file = file_of(documents_dir, stored)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(Damaged):
        store.read(stored)


def test_a_file_that_is_gone_or_of_another_document_is_not_given_out(store: Store, documents_dir: Path) -> None:
    one, two = (store.write(io.BytesIO(content)) for content in (b"one", b"two"))
    swapped = replace(two, stored_as=one.stored_as, wrapped_key=one.wrapped_key)
    with pytest.raises(Damaged):
        store.read(swapped)
    store.remove(one.stored_as)
    with pytest.raises(Damaged, match="gone"):
        store.read(one)


def test_another_key_opens_nothing_and_an_earlier_one_still_does(store: Store, documents_dir: Path) -> None:
    stored = store.write(io.BytesIO(b"content"))
    with pytest.raises(NoKey, match="PEERLINE_DOCUMENT_KEYS_BEFORE"):
        Store(documents_dir, KeyRing(OTHER)).read(stored)
    rotated = Store(documents_dir, KeyRing(OTHER, [KEY]))
    assert content_of(rotated, stored) == b"content"
    rewrapped = replace(
        stored, key_id=rotated.keys.current, wrapped_key=rotated.keys.rewrap(stored.key_id, stored.wrapped_key)
    )
    assert content_of(Store(documents_dir, KeyRing(OTHER)), rewrapped) == b"content"


def test_a_wrapped_key_that_was_changed_opens_nothing(store: Store) -> None:
    stored = store.write(io.BytesIO(b"content"))
    changed = bytes([stored.wrapped_key[0] ^ 1]) + stored.wrapped_key[1:]
    with pytest.raises(NoKey, match="does not open it"):
        store.read(replace(stored, wrapped_key=changed))


def test_a_full_disk_leaves_nothing_behind(store: Store, documents_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "KEPT_FREE", 1 << 60)
    with pytest.raises(OSError, match="too little of the disk") as refused:
        store.write(io.BytesIO(b"content"))
    assert refused.value.errno == errno.ENOSPC
    assert [*store.names(), *store.unfinished()] == []


def test_a_write_that_fails_half_way_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.write(io.BytesIO(b"content"))
    assert [*store.names(), *store.unfinished()] == []
