"""The two shapes in which a field may stand (RFC 9901 section 4.2.4.2), and their digests.

A slot is ``[{"...": digest}]``, a list is ``[[{"...": d1}], [{"...": d2}], …]``. In no other place may
``...`` occur, and ``_sd`` nowhere: with ``_sd`` lists an author could sign two values for one field and
show each to another reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from hashlib import sha256
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from ledger.errors import VerificationError
from ledger.statement import base64url, strictjson
from ledger.statement.strictjson import pointer

Path: TypeAlias = tuple[str | int, ...]

MAX_LIST: Final = 256
MAX_SLOTS: Final = 2048
MAX_VALUE_DEPTH: Final = 8
_ELLIPSIS: Final = "..."
_DIGEST_SIZE: Final = 43
# One name, or several with commas between them: a statement's names are checked in one go.
_NAMES = re.compile(r"[a-z][a-z0-9_]{0,63}(?:,[a-z][a-z0-9_]{0,63})*")
_DIGEST = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_DIGESTS = re.compile(rf"{_DIGEST}(?:~{_DIGEST})*")


class Closed(Enum):
    """The value of a field that this reader does not see."""

    CLOSED = "closed"


CLOSED: Final = Closed.CLOSED


class Slot(NamedTuple):
    """A slot in the signed payload: its path within ``fields`` and the digest it commits to."""

    path: Path
    digest: str


def _members(pairs: list[tuple[str, Any]]) -> object:
    # A slot's object becomes a tuple, which JSON has none of: so no other shape can pass for a slot.
    if len(pairs) == 1:
        name, value = pairs[0]
        return (value,) if name == _ELLIPSIS else {name: value}
    found = dict(pairs)
    return found if len(found) == len(pairs) else strictjson.repeated(pairs)


DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=strictjson.integer,
    parse_float=strictjson.odd_float,
    parse_constant=strictjson.odd_constant,
)


def pointer_to(path: Path) -> str:
    """The JSON Pointer of a field's path, from the payload."""
    text = "/fields"
    for step in path:
        text = pointer(text, step)
    return text


def read_slots(fields: object) -> None:
    """Check the shape of a payload's ``fields``, as decoded by DECODER.

    Raises:
        VerificationError: fields_shape, field_name, slot_shape, list_too_long, slots_too_many,
            digest_malformed, digest_repeated, with the path.
    """
    if type(fields) is not dict:
        raise VerificationError("fields_shape", "fields is not an object", "/fields")
    digests: list[str] = []
    for name, shape in fields.items():
        if type(shape) is not list:
            refuse_shape((name,))
        if len(shape) == 1 and type(shape[0]) is tuple:
            digests.append(shape[0][0])
        else:
            digests += [slot.digest for slot in list_slots((name,), shape)]
    check_names(fields)
    if len(digests) > MAX_SLOTS:
        raise VerificationError("slots_too_many", f"more than {MAX_SLOTS} slots", "/fields")
    if not _digests_sound(digests):
        check_digests(slots_of(fields))


def slots_of(fields: Mapping[str, Sequence[Any]]) -> list[Slot]:
    """The slots of sound ``fields`` in the order of the text."""
    slots: list[Slot] = []
    for name, shape in fields.items():
        if shape and type(shape[0]) is tuple:
            slots.append(Slot((name,), shape[0][0]))
        else:
            slots += list_slots((name,), shape)
    return slots


def list_slots(path: Path, shape: Sequence[object]) -> list[Slot]:
    """The slots of a list of slots.

    Raises:
        VerificationError: slot_shape, list_too_long.
    """
    if len(shape) > MAX_LIST:
        raise VerificationError("list_too_long", f"more than {MAX_LIST} slots", pointer_to(path))
    slots = []
    for index, cell in enumerate(shape):
        if type(cell) is not list or len(cell) != 1 or type(cell[0]) is not tuple:
            refuse_shape((*path, index))
        slots.append(Slot((*path, index), cell[0][0]))
    return slots


def check_names(members: Mapping[str, object], path: str = "/fields") -> None:
    """Refuse names outside ``[a-z][a-z0-9_]{0,63}``; so neither ``_sd`` nor ``...`` can be one.

    Raises:
        VerificationError: field_name.
    """
    joined = ",".join(members)
    # The commas are counted, else one name "a,b" would pass as two.
    if members and (not _NAMES.fullmatch(joined) or joined.count(",") != len(members) - 1):
        wrong = next(name for name in members if "," in name or not _NAMES.fullmatch(name))
        raise VerificationError("field_name", "not a name of a field", pointer(path, wrong[:80]))


def check_digests(slots: Sequence[Slot]) -> None:
    """Refuse digests that are not 32 bytes in base64url, or stand twice.

    Raises:
        VerificationError: digest_malformed, digest_repeated.
    """
    if _digests_sound([digest for _, digest in slots]):
        return
    seen: set[str] = set()
    for path, digest in slots:
        if type(digest) is not str or not _DIGESTS.fullmatch(digest) or len(digest) != _DIGEST_SIZE:
            refuse("digest_malformed", "digest is not 32 bytes in base64url", path)
        if digest in seen:
            refuse("digest_repeated", "digest stands in two slots", path)
        seen.add(digest)


def _digests_sound(digests: list[str]) -> bool:
    if not digests:
        return True
    try:
        joined = "~".join(digests)
    except TypeError:
        return False
    # The length is counted, else one digest "d~d" would pass as two.
    return (
        len(joined) == (_DIGEST_SIZE + 1) * len(digests) - 1
        and _DIGESTS.fullmatch(joined) is not None
        and len(set(digests)) == len(digests)
    )


def digest_of(disclosure: str) -> str:
    """SHA-256 of a disclosure as carried, base64url."""
    return digests_of([disclosure.encode("utf-8", "surrogatepass")])[0]


def digests_of(disclosures: Sequence[bytes]) -> list[str]:
    """SHA-256 of each disclosure as carried, base64url."""
    hashes = [sha256(disclosure).digest() for disclosure in disclosures]
    # A zero byte after each makes 33 bytes, 44 characters: so all are spelled in one go, and the first
    # 43 of each 44 are what 32 bytes alone give.
    hashes.append(b"")
    text = base64url.encode(b"\0".join(hashes))
    return [text[at : at + _DIGEST_SIZE] for at in range(0, len(text), _DIGEST_SIZE + 1)]


def refuse(code: str, detail: str, path: Path) -> NoReturn:
    """Raise VerificationError at a path within ``fields``."""
    raise VerificationError(code, detail, pointer_to(path))


def refuse_shape(path: Path) -> NoReturn:
    """Raise VerificationError(slot_shape)."""
    refuse("slot_shape", "neither one slot nor a list of slots", path)
