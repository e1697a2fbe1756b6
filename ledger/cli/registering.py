"""The registrar's side: the operator record that gives a firm's key its right to post."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ledger.cli.access import Door
from ledger.cli.files import read_file
from ledger.cli.rows import Row
from ledger.errors import InputError
from ledger.keys.author import read_certificate_file
from ledger.records.registry import KINDS
from ledger.statement.certificates import check_certificate, kid_hex, read_certificate
from ledger.statement.claims import Source
from ledger.statement.jws import check_key_proof
from ledger.statement.operator import ACTIVE, KIND, operator_key


def operator_row(
    door: Door, region: str, certificate: Path, proof: Path, kinds: Sequence[str]
) -> Row:
    """The operator record of a firm, its certificate and proof of key checked.

    Raises:
        InputError: registrar_unlisted (our own key is not this region's registrar), kind_unknown.
        VerificationError: key_proof_…, certificate_….
    """
    network = door.network
    log = network.open_log(region)
    if kid_hex(door.signer.kid) not in log.registrars:
        raise InputError("registrar_unlisted", f"the key is no registrar of {log.origin}", "/key")
    for kind in kinds:
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise InputError("kind_unknown", f"{kind!r} is none of {known}", "/kinds")
    der = read_certificate_file(certificate)
    facts = read_certificate(der)
    now = door.clock.now()
    check_certificate(der, network.certificates, network.cas, now, facts.iss)
    text = read_file(proof).decode("ascii", "replace").strip()
    check_key_proof(text, der, f"{network.name}/{region}")
    fields = {
        "key": operator_key(facts.kid),
        "time": datetime.fromtimestamp(now // 1000, UTC).isoformat(),
        "uscc": facts.uscc,
        "name": facts.name,
        "status": ACTIVE,
        "kinds": sorted(set(kinds)),
        "certificate": base64.b64encode(der).decode("ascii"),
        "key_proof": text,
    }
    return Row(str(certificate), region, KIND, fields, Source("jjj", "typed", "registration"))
