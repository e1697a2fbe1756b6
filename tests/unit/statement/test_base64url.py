from __future__ import annotations

import base64

import pytest

from ledger.errors import VerificationError
from ledger.statement import base64url


# RFC 4648 section 10, without padding.
@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"foob", "Zm9vYg"),
     (b"\xfb\xff\xbf", "-_-_"), (b"\xff", "_w")],
)  # fmt: skip
def test_vectors(data: bytes, text: str) -> None:
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data
    assert base64url.encode_each([data, b"x"])[0].decode() == text


@pytest.mark.parametrize(
    "text",
    ["Zg==", "Zg=", "=", "Z", "Zm9vY", "+/+/", "Zm9v+g", "Zm9v/g", "Zh", "Zm9", "_x", "Zm 8", "Zm8\n",
     "\nZm8", "Zm\r\n8", "Zm8!", "Zm.8", "Zmé8", "Ｚm8v", "Zg\x00\x00", "Zm8~"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        base64url.decode(text)
    assert caught.value.code == "base64url_malformed"
    assert base64url.decode_each(["Zg", text, "Zm9v"]) == [b"f", None, b"foo"]


def test_every_text_of_three_has_at_most_one_reading() -> None:
    alphabet = "AQgwBz-_+/= "
    for text in (a + b + c for a in alphabet for b in alphabet for c in alphabet):
        read = base64url.decode_each([text])[0]
        if read is not None:
            assert base64.urlsafe_b64encode(read).decode().rstrip("=") == text
