"""Leaves, proofs, checkpoints and cosignatures that break one rule each."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

from ledger.bundle import Evidence, encode_bundle
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.note import NoteSignature, format_signature, sign_note
from ledger.testing.kit.corpus.forging import compact_of, logged, opened, payload, slot
from ledger.testing.kit.corpus.scene import CLOSED_SIZE, Example, Scene
from ledger.testing.kit.logs import NoteKey
from ledger.testing.kit.world import START

_ONE = opened("1200.5")
_YEAR_9999 = 253_402_300_799  # its last second


def logs(scene: Scene) -> Iterator[Example]:
    """One example for each rule on the way from the leaf to the quorum."""
    yield from _leaves(scene)
    yield from _proofs(scene)
    yield from _checkpoints(scene)
    yield from _log_signatures(scene)
    yield from _witnesses(scene)
    yield from _histories(scene)


def _leaves(scene: Scene) -> Iterator[Example]:
    compact = compact_of(
        scene.broker, payload(scene, scene.broker, {"gross_kg": slot(_ONE)}), [_ONE]
    )
    line = logged(scene, compact).leaf
    later = payload(scene, scene.broker, {"gross_kg": slot(_ONE)}, version=2, prev=scene.first.id)
    second = compact_of(scene.broker, later, [_ONE])
    index = len(scene.world.log("tianjin").leaves)
    for name, says, text in (
        ("leaf-space", "A leaf line with a space.", line.replace(":1}", ": 1}")),
        ("leaf-line-feed", "A leaf line with its line feed.", f"{line}\n"),
        ("leaf-order", "Members in another order.", _last_first(line)),
        ("leaf-v", "A leaf of another version.", line.replace('"v":1', '"v":2')),
        ("leaf-received", "A time before 1970.", line.replace('"received":', '"received":-')),
    ):
        evidence = logged(scene, compact, line=text.encode())
        yield Example(name, says, "failed leaf", scene.one(evidence))
    first, itself = logged(scene, compact, prev=3), logged(scene, second, prev=index)
    says = "Version 1 with a version before it."
    yield Example("leaf-prev-first", says, "failed leaf", scene.one(first))
    yield Example(
        "leaf-prev-self", "A version before that is itself.", "failed leaf", scene.one(itself)
    )
    evidence = logged(scene, second, prev=scene.first.index)
    yield Example("leaf-prev", "A version before, in this log.", "passed", scene.one(evidence))


def _proofs(scene: Scene) -> Iterator[Example]:
    good = scene.shown(scene.first)
    lines = good.proof.split("\n")
    one, two = lines[2:4]
    short = base64.b64encode(base64.b64decode(one)[:31]).decode()
    for name, says, proof in (
        ("proof-extra", "A line of extra data.", good.proof.replace("\nindex", "\nextra AA==\nindex")),
        ("proof-header", "Another version of the format.", good.proof.replace("@v1", "@v2", 1)),
        ("proof-index", "An index with a zero before it.", good.proof.replace("index ", "index 0")),
        ("proof-hash-short", "A hash of 31 bytes.", good.proof.replace(one, short)),
        ("proof-hash-more", "A hash more.", good.proof.replace(one, f"{one}\n{one}")),
        ("proof-hash-less", "A hash less.", good.proof.replace(f"{one}\n", "")),
        ("proof-hash-order", "Two hashes exchanged.", good.proof.replace(f"{one}\n{two}", f"{two}\n{one}")),
        ("proof-crlf", "Lines that end in carriage returns too.", good.proof.replace("\n", "\r\n")),
        ("proof-end", "No line feed at the end.", good.proof.rstrip("\n")),
        ("proof-more", "An empty line at the end.", good.proof + "\n"),
        ("proof-control", "A control character in a stranger's line.", f"{good.proof}— a\x01b AAAAAAA=\n"),
        ("proof-unsigned", "No signature line.", good.proof.partition("\n\n— ")[0] + "\n\n"),
        ("proof-dash", "A hyphen for the dash.", good.proof.replace("— ", "- ")),
    ):  # fmt: skip
        evidence = replace(good, proof=proof)
        yield Example(name, says, "failed inclusion", scene.one(evidence))
    alone = scene.world.evidence(scene.broker_tianjin, size=1)
    beyond = replace(alone, proof=alone.proof.replace("index 0", "index 1"))
    says = "The second leaf of a log that has one."
    yield Example("index-beyond", says, "failed inclusion", scene.one(beyond, operators=()))


def _checkpoints(scene: Scene) -> Iterator[Example]:
    good = scene.shown(scene.first)
    body = _body(good)
    origin, size, root, _ = body.split("\n")
    for name, says, text in (
        ("checkpoint-extension", "A line of extension.", body + "extension\n"),
        ("checkpoint-size", "A size with a zero before it.", body.replace(f"\n{size}\n", f"\n0{size}\n")),
        ("checkpoint-root", "A root of 31 bytes.", body.replace(root, base64.b64encode(bytes(31)).decode())),
        ("checkpoint-root-tail", "A root in a second spelling.", body.replace(root, _respelled(root))),
        ("checkpoint-origin", "An origin with an epoch more.", body.replace(origin, f"{origin}1")),
    ):  # fmt: skip
        evidence = replace(good, proof=_head(good) + _resigned(scene, text))
        yield Example(name, says, "failed log_signature", scene.one(evidence))


def _log_signatures(scene: Scene) -> Iterator[Example]:
    good = scene.shown(scene.first)
    body, own, *witnesses = _signed(good)
    log = scene.world.log("tianjin")
    stranger = NoteKey("somebody")
    foreign = sign_note(body, str(log.origin), stranger.public_key, stranger.sign)
    wrong = format_signature(
        NoteSignature(str(log.origin), log.vkey.key_hash, stranger.sign(body.encode()))
    )
    unknown = [_line(stranger, body), *(_line(NoteKey(f"n{n}"), body) for n in range(61))]
    strangers, bad = [foreign, *unknown[:12]], "failed log_signature"
    for name, says, due, lines in (
        ("log-key-other", "Another key under its name.", bad, [foreign, *witnesses]),
        ("log-key-id", "Another key under the log's key id.", bad, [wrong, *witnesses]),
        ("log-twice", "One line holds, one does not.", bad, [own, wrong, *witnesses]),
        ("log-name", "The log's key under another name.", bad, [own.replace("/1 ", "/2 "), *witnesses]),
        ("strangers", "Sixteen lines, most by strangers.", "passed", [own, *witnesses, *strangers]),
        ("lines-order", "The witnesses' lines before the log's.", "passed", [*witnesses, own]),
        ("lines-repeated", "Each line twice.", "passed", [own, own, *witnesses, *witnesses]),
        ("lines-many", "More than 64 lines.", "failed inclusion", [own, *witnesses, *unknown]),
    ):  # fmt: skip
        evidence = replace(good, proof=_head(good) + body + "\n" + "".join(lines))
        yield Example(name, says, due, scene.one(evidence))


def _witnesses(scene: Scene) -> Iterator[Example]:
    log = scene.world.log("tianjin")
    good = scene.shown(scene.first)
    body, own, beijing, hebei = _signed(good)
    later = log.checkpoint(len(log.leaves), {"beijing": START + 400_000}).splitlines()[-1] + "\n"
    key = log.witness_of("hebei")
    plain = sign_note(body, key.name, key.public_key, key.sign)
    longer, broken = _lengthened(hebei), _lengthened(beijing)
    zero, last, over = (_at(scene, time) for time in (0, _YEAR_9999, _YEAR_9999 + 1))
    waits, bad = "pending certificate quorum", "failed quorum"
    for name, says, due, lines in (
        ("witness-twice", "One witness signed twice.", waits, [beijing, later]),
        ("witness-again", "One signed again: the earlier time counts.", "passed", [later, beijing, hebei]),
        ("witness-plain", "A witness's plain signature is no cosignature.", waits, [beijing, plain]),
        ("witness-long", "A cosignature of 73 bytes.", bad, [beijing, longer]),
        ("witness-none", "No witness.", waits, []),
        ("witness-broken-more", "A quorum, and a line that does not hold.", bad, [beijing, hebei, broken]),
        ("witness-time-zero", "A time of 0.", bad, [beijing, zero]),
        ("witness-year-9999", "The last second of the year 9999.", "failed certificate", [beijing, last]),
        ("witness-year-10000", "The first second of the year 10000.", bad, [beijing, over]),
    ):  # fmt: skip
        evidence = replace(good, proof=_head(good) + body + "\n" + "".join([own, *lines]))
        yield Example(name, says, due, scene.one(evidence))
    one = scene.shown(scene.first, cosigned={"hebei": START + 100_000})
    operator = scene.world.evidence(scene.broker_tianjin, cosigned={"hebei": START + 100_000})
    data = encode_bundle(scene.world.bundle([one], [operator]))
    yield Example("quorum-one", "One witness is enough.", "passed", data, "policy-one")
    data = scene.one(scene.shown(scene.first))
    yield Example(
        "quorum-one-of-two", "Two signed: the first time counts.", "passed", data, "policy-one"
    )


def _histories(scene: Scene) -> Iterator[Example]:
    """Logs that contradict themselves or their closing."""
    log = scene.world.log("tianjin")
    kept = log.leaves[CLOSED_SIZE - 1]
    log.leaves[CLOSED_SIZE - 1] = encode_leaf(Leaf(bytes(32), START * 1000, -1))
    closed = scene.shown(scene.first, size=CLOSED_SIZE)
    operator = scene.world.evidence(scene.broker_tianjin, size=1)
    data = encode_bundle(scene.world.bundle([closed], [operator]))
    says = "The closing size with another root."
    yield Example("closed-log-root", says, "failed log_signature", data, "policy-closed")
    log.leaves[CLOSED_SIZE - 1] = kept
    before = scene.shown(scene.second, size=6)
    kept = log.leaves[scene.second.index]
    log.leaves[scene.second.index] = log.leaves[scene.first.index]
    twin = scene.world.evidence(replace(scene.first, index=scene.second.index), size=7)
    log.leaves[scene.second.index] = kept
    data = scene.one(before, twin)
    says = "One log signed two leaves for one place, under two sizes."
    yield Example("forked-leaf", says, "failed authorised log_signature", data)
    event = scene.shown(scene.event)
    apart = [scene.world.evidence(scene.terminal_hebei), scene.world.evidence(scene.broker_tianjin)]
    forged = replace(before, proof=before.proof.replace("— " + str(log.origin), "— x"))
    data = encode_bundle(scene.world.bundle([event, forged, scene.shown(scene.first)], apart))
    says = "A history that the log never signed leaves the others standing."
    yield Example("forked-unsigned", says, "failed log_signature", data)


def _last_first(line: str) -> str:
    return '{"v":1,' + line[1:].replace(',"v":1', "")


def _head(evidence: Evidence) -> str:
    return evidence.proof.partition("\n\n")[0] + "\n\n"


def _body(evidence: Evidence) -> str:
    return evidence.proof.split("\n\n")[1] + "\n"


def _signed(evidence: Evidence) -> list[str]:
    """The checkpoint's text and its signature lines, each with its line feed."""
    return [_body(evidence), *evidence.proof.split("\n\n")[2].splitlines(keepends=True)]


def _line(key: NoteKey, body: str) -> str:
    return sign_note(body, key.name, key.public_key, key.sign)


def _resigned(scene: Scene, body: str) -> str:
    """A note over any text, signed by Tianjin's log and both witnesses."""
    log = scene.world.log("tianjin")
    lines = [_line(log.key, body)]
    lines += [_cosigned(scene, name, body, START + 150_000) for name in ("beijing", "hebei")]
    return body + "\n" + "".join(lines)


def _at(scene: Scene, seconds: int) -> str:
    """Hebei's cosignature of Tianjin's newest head at that time."""
    body = _body(scene.shown(scene.first))
    return _cosigned(scene, "hebei", body, seconds)


def _cosigned(scene: Scene, region: str, body: str, seconds: int) -> str:
    key = scene.world.log("tianjin").witness_of(region)
    message = f"cosignature/v1\ntime {seconds}\n{body}".encode()
    vkey = scene.world.log("tianjin").witness_vkey(region)
    signature = seconds.to_bytes(8, "big") + key.sign(message)
    return format_signature(NoteSignature(key.name, vkey.key_hash, signature))


def _lengthened(line: str) -> str:
    """The line with a byte more behind its signature."""
    head, _, text = line.rstrip("\n").rpartition(" ")
    return f"{head} {base64.b64encode(base64.b64decode(text) + bytes(1)).decode()}\n"


def _respelled(text: str) -> str:
    """Set a tail bit of 32 bytes in base64 that carries nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "="
