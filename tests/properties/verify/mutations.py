"""Ways to change a good bundle: bytes of the file, of what is inside its base64, and whole parts."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import random
from collections.abc import Callable
from typing import Any

from tests.properties.verify.worlds import Base

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Value = dict[str, Any]


def unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def change_bytes(rng: random.Random, data: bytes) -> bytes:
    """One byte flipped, set, inserted, dropped or doubled; never the same bytes again."""
    at = rng.randrange(len(data)) if data else 0
    way = rng.randrange(5)
    if not data or way == 0:
        return data[:at] + bytes([rng.randrange(256)]) + data[at:]
    if way == 1:
        return data[:at] + data[at + 1 :]
    if way == 2:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if way == 3:
        return data[: at + 1] + data[at:]
    return data[:at] + bytes([(data[at] + rng.randrange(1, 256)) % 256]) + data[at + 1 :]


def change_text(rng: random.Random, text: str) -> str:
    return change_bytes(rng, text.encode()).decode("utf-8", "replace")


def evidence(rng: random.Random, value: Value) -> Value:
    return rng.choice(value["records"] + value["operators"])


def file_bytes(rng: random.Random, base: Base) -> bytes:
    return change_bytes(rng, dump(base.value))


def signed_part(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    signed, *rest = item["statement"].split("~")
    parts = signed.split(".")
    which = rng.randrange(3)
    parts[which] = b64url(change_bytes(rng, unb64url(parts[which])))
    item["statement"] = "~".join([".".join(parts), *rest])


def payload_member(rng: random.Random, base: Base, value: Value) -> None:
    """A claim or digest replaced and the payload written anew, as a forger without the key would."""
    item = evidence(rng, value)
    signed, *rest = item["statement"].split("~")
    header, payload, signature = signed.split(".")
    claims = json.loads(unb64url(payload))
    name = rng.choice(list(claims))
    way = rng.randrange(3)
    if way == 0:
        del claims[name]
    elif way == 1:
        claims[name] = rng.choice(["x", 7, [], {}, True, claims.get("iss"), 2**53])
    else:
        slots = claims["fields"]
        one, two = rng.choice(list(slots)), rng.choice(list(slots))
        slots[one], slots[two + rng.choice(["", "x"])] = slots[two], slots[one]
    text = json.dumps(claims, separators=(",", ":")).encode()
    item["statement"] = "~".join([f"{header}.{b64url(text)}.{signature}", *rest])


def header_member(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    header, payload, rest = item["statement"].split(".", 2)
    members = json.loads(unb64url(header))
    members[rng.choice(["alg", "typ", "kid", "jwk", "crit", "x5c"])] = rng.choice(
        ["none", "ES256", "Ed25519", "EdDSA", "HS256", "", members["kid"], ["b64"], {"kty": "EC"}]
    )
    item["statement"] = f"{b64url(json.dumps(members).encode())}.{payload}.{rest}"


def disclosure(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    signed, *rest, last = item["statement"].split("~")
    if not rest:
        return
    at = rng.randrange(len(rest))
    way = rng.randrange(4)
    if way == 0:
        rest[at] = b64url(change_bytes(rng, unb64url(rest[at])))
    elif way == 1:
        rest[at] = change_text(rng, rest[at])
    elif way == 2:
        salt, _ = json.loads(unb64url(rest[at]))
        fake = rng.choice(["1", "9999", 5, ["a"], {"a": "b"}, True])
        rest[at] = b64url(json.dumps([salt, fake]).encode())
    else:
        rest.insert(at, rng.choice(rest))
    item["statement"] = "~".join([signed, *rest, last])


def disclosure_order(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    signed, *rest, last = item["statement"].split("~")
    if rng.randrange(2):
        rng.shuffle(rest)
    else:
        rest = rng.sample(rest, rng.randrange(len(rest) + 1)) if rest else rest
    item["statement"] = "~".join([signed, *rest, last])


def foreign_disclosure(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    signed, *rest, last = item["statement"].split("~")
    others = rng.choice(base.statements).split("~")[1:-1]
    rest.insert(rng.randrange(len(rest) + 1), rng.choice(others))
    if len(rest) > 1 and rng.randrange(2):
        rest.pop(rng.randrange(len(rest)))
    item["statement"] = "~".join([signed, *rest, last])


def signature_twin(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    signed, _, rest = item["statement"].partition("~")
    head, _, signature = signed.rpartition(".")
    raw = unb64url(signature)
    s = (N - int.from_bytes(raw[32:], "big")) % N
    item["statement"] = f"{head}.{b64url(raw[:32] + s.to_bytes(32, 'big'))}~{rest}"


def leaf(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    if rng.randrange(2):
        item["leaf"] = change_text(rng, item["leaf"])
        return
    members = json.loads(item["leaf"])
    members[rng.choice(["prev", "received", "v"])] += rng.choice([-1, 1, 60_000])
    item["leaf"] = json.dumps(members, separators=(",", ":"))


def proof_text(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    item["proof"] = change_text(rng, item["proof"])


def proof_line(rng: random.Random, base: Base, value: Value) -> None:
    """A line dropped, doubled, moved, or changed inside its base64."""
    item = evidence(rng, value)
    lines = item["proof"].split("\n")
    at = rng.randrange(len(lines))
    way = rng.randrange(5)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(at, lines[at])
    elif way == 2:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        head, space, last = lines[at].rpartition(" ")
        try:
            raw = base64.b64decode(last, validate=True)
        except ValueError:
            lines[at] = change_text(rng, lines[at])
        else:
            lines[at] = head + space + base64.b64encode(change_bytes(rng, raw)).decode()
    item["proof"] = "\n".join(lines)


def other_index(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    lines = item["proof"].split("\n")
    number = int(lines[1].removeprefix("index ")) + rng.choice([-2, -1, 1, 2, 2**31, 2**62])
    lines[1] = f"index {number}"
    item["proof"] = "\n".join(lines)


def other_size(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    head, rest = item["proof"].split("\n\n", 1)
    lines = rest.split("\n")
    lines[1] = str(int(lines[1]) + rng.choice([-8, -1, 1, 8, 2**40]))
    item["proof"] = head + "\n\n" + "\n".join(lines)


def stale_checkpoint(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    other = rng.choice(base.proofs)
    if rng.randrange(2):
        item["proof"] = other
        return
    item["proof"] = item["proof"].split("\n\n", 1)[0] + "\n\n" + other.split("\n\n", 1)[1]


def foreign_signature(rng: random.Random, base: Base, value: Value) -> None:
    """A signature line of another checkpoint added, or put in the place of one."""
    item = evidence(rng, value)
    lines = item["proof"].rstrip("\n").split("\n")
    taken = rng.choice(base.proofs).rstrip("\n").split("\n")[-1]
    if rng.randrange(2):
        lines[-1] = taken
    else:
        lines.append(taken)
    item["proof"] = "\n".join(lines) + "\n"


def swap_parts(rng: random.Random, base: Base, value: Value) -> None:
    one = evidence(rng, value)
    two = rng.choice([evidence(rng, value), copy.deepcopy(rng.choice(base.evidences))])
    for name in rng.sample(["statement", "leaf", "proof", "anchor"], rng.randrange(1, 4)):
        one[name], two[name] = two[name], one[name]


def members(rng: random.Random, base: Base, value: Value) -> None:
    """Evidence or certificates removed, doubled, moved between lists, reordered."""
    name = rng.choice(["records", "operators", "certificates"])
    items = value[name]
    if not items:
        return
    at = rng.randrange(len(items))
    way = rng.randrange(4)
    if way == 0:
        del items[at]
    elif way == 1:
        items.append(copy.deepcopy(items[at]))
    elif way == 2:
        items.reverse()
    elif name != "certificates":
        value["operators" if name == "records" else "records"].append(items.pop(at))


def certificate(rng: random.Random, base: Base, value: Value) -> None:
    ders = value["certificates"]
    at = rng.randrange(len(ders))
    ders[at] = base64.b64encode(change_bytes(rng, base64.b64decode(ders[at]))).decode()


def anchor(rng: random.Random, base: Base, value: Value) -> None:
    item = evidence(rng, value)
    if item["anchor"] is None or rng.randrange(6) == 0:
        item["anchor"] = copy.deepcopy(rng.choice(base.evidences)["anchor"])
        return
    name = rng.choice(list(item["anchor"]))
    old = item["anchor"][name]
    if isinstance(old, int):
        item["anchor"][name] = old + rng.choice([-1, 1])
    else:
        item["anchor"][name] = change_bytes(rng, bytes.fromhex(old)).hex()


def asked(rng: random.Random, base: Base, value: Value) -> None:
    if not value["asked"]:
        value["asked"] = {"query": "x", "regions": []}
        return
    regions = value["asked"]["regions"]
    if rng.randrange(2) and regions:
        rng.choice(regions)["answered"] = False
    elif regions:
        regions.pop(rng.randrange(len(regions)))


def odd_value(rng: random.Random, base: Base, value: Value) -> None:
    """Some member replaced by a value of another type."""
    spot: Any = value
    for _ in range(rng.randrange(1, 5)):
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        if not keys:
            return
        key = rng.choice(keys)
        if not isinstance(spot[key], dict | list) or rng.randrange(4) == 0:
            spot[key] = rng.choice([None, 0, -1, "", "x", [], {}, True, 2**53, "\ud800", [[]]])
            return
        spot = spot[key]


MUTATORS: list[Callable[[random.Random, Base, Value], None]] = [
    signed_part,
    payload_member,
    header_member,
    disclosure,
    disclosure_order,
    foreign_disclosure,
    signature_twin,
    leaf,
    proof_text,
    proof_line,
    other_index,
    other_size,
    stale_checkpoint,
    foreign_signature,
    swap_parts,
    members,
    certificate,
    anchor,
    asked,
    odd_value,
]


def mutated(rng: random.Random, base: Base) -> tuple[str, bytes]:
    """One mutation (sometimes two) of a base bundle: its name and the file's bytes."""
    if rng.randrange(6) == 0:
        return "file_bytes", file_bytes(rng, base)
    value = copy.deepcopy(base.value)
    chosen = rng.sample(MUTATORS, 2 if rng.randrange(5) == 0 else 1)
    # The one that breaks the shape goes last: the others need it.
    first, *second = sorted(chosen, key=lambda one: one is odd_value)
    first(rng, base, value)
    for mutate in second:
        # It may not be able to read what the first one broke; then that one has to do.
        with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
            mutate(rng, base, value)
    names = "+".join(mutate.__name__ for mutate in chosen)
    return names, dump(value)


def dump(value: Value) -> bytes:
    """The file of a bundle's values, also of values that no bundle may hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
