"""Write the golden statements anew: python -m tests.vectors.statement.make_vectors.

Keys, salts and signatures are all derived, so the same code gives the same bytes on every machine. A
difference means that the format has changed, and docs/protocol/change.md says what that takes.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from ledger.keys.demo import demo_ca
from ledger.statement.certificates import kid_hex
from ledger.statement.sdjwt import Slotted, Value, issue, open_slots, parse, present
from tests.unit.statement.making import FIELDS, author, claims, salts

HERE = Path(__file__).with_name("statements.json")
CASES: dict[str, tuple[str, dict[str, Value], dict[str, Any]]] = {
    "es256": ("ES256", FIELDS, {}),
    "ed25519": ("Ed25519", FIELDS, {}),
    "version_2": ("ES256", {"key": "K", "change": "amended"}, {"version": 2, "prev": "ab" * 32}),
    "nested": ("ES256", {"key": "K", "party": Slotted({"name": "甲", "phones": ["1", "2"]})}, {}),
    "no_fields": ("ES256", {}, {}),
}


def vectors() -> dict[str, Any]:
    """All cases as they are committed."""
    found = []
    for name, (alg, fields, changes) in CASES.items():
        key = author(alg)
        compact = issue(claims(**changes), fields, key, salts())
        statement = parse(compact)
        found.append(
            {
                "name": name,
                "statement": compact,
                "id": statement.id.hex(),
                "kid_hex": kid_hex(statement.kid),
                "certificate": base64.b64encode(key.certificate).decode(),
                "fields": open_slots(statement).fields,
                "only_key": present(statement, lambda path: path == ("key",)),
            }
        )
    return {"ca": base64.b64encode(demo_ca().certificate).decode(), "statements": found}


def main() -> None:
    """Write the file."""
    HERE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
