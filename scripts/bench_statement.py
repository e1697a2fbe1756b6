"""Measure what a statement costs on one core: signing, taking apart, opening, checking.

    python scripts/bench_statement.py [--alg Ed25519] [--seconds 2] [--json]

Figures are per CPU second of this process (other load on the machine hardly counts), best of five runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable

import cryptography

from ledger.keys.demo import demo_author, demo_ca
from ledger.statement.certificates import check_certificate, read_certificate
from ledger.statement.sdjwt import (
    Claims,
    Source,
    Value,
    check_signature,
    issue,
    open_slots,
    parse,
    require_no_strays,
)
from ledger.statement.signing import verify_signature
from ledger.values import Millis

USCC = "91110000DEMJ00011K"
AT = Millis(1_772_409_600_000)
FIELDS: dict[str, Value] = {
    "key": "DECL:DEMO2026000000000001",
    "time": "2026-03-05T09:30:00+08:00",
    "bill": "DEMOB26000001",
    "container": "DEMU0000016",
    "seal": "DEMOSEAL001",
    "packages": 24,
    "gross_kg": "2104.0",
    "net_kg": "1930.0",
    "port_of_loading": "KRPUS",
    "port_of_entry": "CNTXG",
    "vessel_imo": "9999993",
    "voyage": "042W",
    "consignee": "91110000DEMJ00011K",
    "declarant": "91120000DEMT000296",
    "hs10": "8708999990",
    "goods_name": "汽车零件 悬挂控制臂",
    "origin": "KR",
    "trade_mode": "0110",
    "incoterm": "FOB KRPUS",
    "currency": "USD",
    "value": "48250.00",
    "duty": "2895.00",
    "vat": "6648.85",
    "invoice": "DEMO-KR-26-0001",
    "certificate_of_origin": "DEMO-RCEP-KR-26-0001",
}


def rate(work: Callable[[], object], seconds: float) -> float:
    """Calls per CPU second, best of five."""
    best = 0.0
    for _ in range(5):
        calls, start = 0, time.process_time()
        while (spent := time.process_time() - start) < seconds / 5:
            for _ in range(20):
                work()
            calls += 20
        best = max(best, calls / spent)
    return best


def main() -> None:
    """Run all measurements and print them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--alg", default="ES256", choices=["ES256", "Ed25519"])
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    author = demo_author("importer_bj", USCC, "DEMO Huabei Importer Co (synthetic)", given.alg)
    claims = Claims(
        f"urn:uscc:{USCC}", "demo-00000000/beijing", "AAAAAAAAAAAAAAAAAAAAAA", 1_772_409_600,
        "declaration", "declaration/1", 1, None, Source("single-window", "typed", "invoice"),
    )  # fmt: skip
    compact = issue(claims, FIELDS, author, os.urandom)
    statement = parse(compact)
    der, cas = author.certificate, [demo_ca().certificate]

    def check() -> None:
        read = parse(compact)
        require_no_strays(open_slots(read))
        check_signature(read, der)

    def check_with_chain() -> None:
        check()
        check_certificate(der, [], cas, AT, claims.iss)

    message = statement.signing_input
    public = read_certificate(der).public_key
    work: dict[str, Callable[[], object]] = {
        "limit: bare signature": lambda: author.sign(message),
        "limit: bare check of a signature": lambda: verify_signature(
            given.alg, public, message, statement.signature
        ),
        "sign a record": lambda: issue(claims, FIELDS, author, os.urandom),
        "parse": lambda: parse(compact),
        "open slots": lambda: open_slots(statement),
        "check: parse, slots, signature": check,
        "check: the same with the certificate chain": check_with_chain,
    }
    rates = {name: round(rate(job, given.seconds)) for name, job in work.items()}
    facts = {
        "alg": given.alg,
        "fields": len(FIELDS),
        "bytes": len(compact.encode()),
        "python": platform.python_version(),
        "cryptography": cryptography.__version__,
        "per_second": rates,
    }
    if given.json:
        print(json.dumps(facts))
        return
    print(f"{given.alg}, {len(FIELDS)} fields, {facts['bytes']} bytes, Python {facts['python']}")
    for name, value in rates.items():
        print(f"  {name:45} {value:>8,}/s  {1e6 / value:8.1f} µs")


if __name__ == "__main__":
    main()
