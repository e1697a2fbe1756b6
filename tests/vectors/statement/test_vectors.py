from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ledger.statement.certificates import check_certificate, kid_of
from ledger.statement.sdjwt import check_signature, open_slots, parse
from ledger.statement.slots import digest_of
from ledger.values import Millis
from tests.vectors.statement.make_vectors import HERE, vectors

GOLDEN = json.loads(HERE.read_text(encoding="utf-8"))


def test_the_committed_bytes_are_what_we_make() -> None:
    assert vectors() == GOLDEN


@pytest.mark.parametrize("case", GOLDEN["statements"], ids=lambda case: case["name"])
def test_the_committed_bytes_read_as_they_say(case: dict[str, Any]) -> None:
    statement = parse(case["statement"])
    der = base64.b64decode(case["certificate"])
    check_signature(statement, der)
    ca = base64.b64decode(GOLDEN["ca"])
    check_certificate(der, [], [ca], Millis(1_772_514_000_000), statement.claims.iss)
    assert kid_of(der) == statement.kid
    assert statement.id.hex() == case["id"]
    assert open_slots(statement).fields == case["fields"]
    assert parse(case["only_key"]).id == statement.id


# RFC 9901 sections 4.2.2 and 4.2.4.2: a disclosure for an array element, and its digest.
def test_the_array_element_of_rfc_9901() -> None:
    disclosure = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"
    assert json.loads(base64.urlsafe_b64decode(disclosure + "=")) == [
        "lklxF5jMYlGTPUovMNIvCA",
        "FR",
    ]
    assert digest_of(disclosure) == "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"
