from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ledger.errors import InputError
from ledger.keys.account import (
    SECP256K1_ORDER,
    make_account_key,
    read_account_key,
    write_account_key,
)
from ledger.keys.files import read_secret, write_secret


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refused(code: str, work: object, *arguments: object) -> None:
    with pytest.raises(InputError) as caught:
        work(*arguments)  # type: ignore[operator]
    assert caught.value.code == code


def test_written_for_the_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_secret(tmp_path / "keys" / "deep" / "a.key", b"secret")
    finally:
        os.umask(before)
    assert mode(tmp_path / "keys" / "deep" / "a.key") == 0o600
    assert mode(tmp_path / "keys" / "deep") == 0o700
    assert read_secret(tmp_path / "keys" / "deep" / "a.key") == b"secret"
    assert [f.name for f in (tmp_path / "keys" / "deep").iterdir()] == ["a.key"]


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    write_secret(folder / "a.key", b"x")
    assert mode(folder) == 0o700


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    write_secret(tmp_path / "a.key", b"first")
    refused("key_exists", write_secret, tmp_path / "a.key", b"second")
    assert read_secret(tmp_path / "a.key") == b"first"
    assert [f.name for f in tmp_path.iterdir()] == ["a.key"]


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o601, 0o620, 0o660, 0o777])
def test_a_key_that_others_may_touch_is_not_loaded(tmp_path: Path, bits: int) -> None:
    write_secret(tmp_path / "a.key", b"x")
    (tmp_path / "a.key").chmod(bits)
    refused("key_readable_by_others", read_secret, tmp_path / "a.key")


def test_missing_folder_and_oversized(tmp_path: Path) -> None:
    refused("key_missing", read_secret, tmp_path / "none.key")
    write_secret(tmp_path / "big.key", bytes(70_000))
    refused("key_malformed", read_secret, tmp_path / "big.key")


def test_account_keys(tmp_path: Path) -> None:
    key = make_account_key()
    write_account_key(tmp_path / "anchor.key", key)
    assert read_account_key(tmp_path / "anchor.key") == key
    assert (tmp_path / "anchor.key").read_text() == key.hex() + "\n"
    write_secret(tmp_path / "other.key", b"0x" + key.hex().upper().encode())
    assert read_account_key(tmp_path / "other.key") == key


@pytest.mark.parametrize("text", [b"", b"zz" * 32, b"00" * 32, b"ff" * 32, b"11" * 31, b"11" * 33])
def test_account_keys_that_are_none(tmp_path: Path, text: bytes) -> None:
    write_secret(tmp_path / "a.key", text)
    refused("key_malformed", read_account_key, tmp_path / "a.key")


def test_account_keys_are_below_the_order(tmp_path: Path) -> None:
    top = SECP256K1_ORDER.to_bytes(32, "big")
    refused("key_malformed", write_account_key, tmp_path / "a.key", top)
    assert not (tmp_path / "a.key").exists()
