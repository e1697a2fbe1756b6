"""Everything a caller can see is explained in the interfaces, and the contracts inherit it."""

import re

import pytest

from tests.contracts.devnet import ROOT
from tests.contracts.engine import CONTRACTS, entries

INTERFACES = {"RegionRegistry": "IRegionRegistry", "TreeHeadLedger": "ITreeHeadLedger"}
DECLARED = re.compile(r"^    (function|event|error|struct|enum) (\w+)", re.MULTILINE)
EXTERNAL = re.compile(
    r"^    (?:function (\w+)\([^)]*\)[^{;]*\bexternal\b|\w+ public \w+ (\w+))", re.MULTILINE
)


def source(path: str) -> str:
    return (ROOT / "contracts" / path).read_text(encoding="utf-8")


def comment_before(text: str, place: int) -> str:
    """The /// lines that stand directly above `place`."""
    lines = text[:place].rstrip().splitlines()
    found: list[str] = []
    while lines and lines[-1].strip().startswith("///"):
        found.insert(0, lines.pop().strip())
    return "\n".join(found)


def declared(interface: str) -> dict[tuple[str, str], str]:
    text = source(f"interfaces/{interface}.sol")
    return {
        (found[1], found[2]): comment_before(text, found.start())
        for found in DECLARED.finditer(text)
    }


@pytest.mark.parametrize("contract", CONTRACTS)
def test_interface_declares_and_explains_the_whole_abi(contract: str) -> None:
    comments: dict[tuple[str, str], str] = {}
    for interface in INTERFACES.values():
        comments |= declared(interface)
    for kind in ("function", "event", "error"):
        for entry in entries(contract, kind):
            assert "@notice" in comments.get((kind, entry["name"]), ""), (kind, entry["name"])


@pytest.mark.parametrize("interface", INTERFACES.values())
def test_nothing_in_an_interface_is_unexplained(interface: str) -> None:
    comments = declared(interface)
    assert len(comments) > 10
    assert [name for name, comment in comments.items() if "@notice" not in comment] == []


@pytest.mark.parametrize("path", ["RegionKeys.sol", "RegionRegistry.sol", "TreeHeadLedger.sol"])
def test_contracts_inherit_the_explanations(path: str) -> None:
    text = source(path)
    found = list(EXTERNAL.finditer(text))
    assert found
    for each in found:
        assert "@inheritdoc" in comment_before(text, each.start()), each[1] or each[2]


def test_no_contract_uses_assembly() -> None:
    for path in (ROOT / "contracts").rglob("*.sol"):
        assert "assembly" not in path.read_text(encoding="utf-8"), path.name
