"""The list of problem codes is complete: every code the product can raise stands in it, and no other."""

import ast
import re
from pathlib import Path

FAMILIES = {
    "InputError",
    "ConflictError",
    "ForbiddenError",
    "UnavailableError",
    "VerificationError",
    "FatalError",
}
LIST = Path("docs/protocol/problems.md")


def sources():
    return [p for root in ("ledger", "gateway") for p in Path(root).rglob("*.py")]


def codes_raised():
    """First argument of every error made in the sources, where it is written out."""
    found = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else None
            place = {"problem": 1}.get(name, 0 if name in FAMILIES else None)
            if place is None or len(node.args) <= place:
                continue
            for constant in ast.walk(node.args[place]):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    found.setdefault(constant.value, f"{path}:{node.lineno}")
    return {
        code: at for code, at in found.items() if re.fullmatch(r"[a-z][a-z0-9_]+[a-z0-9]", code)
    }


def codes_listed():
    return re.findall(r"^\| `([a-z0-9_]+)` \|", LIST.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_code_raised_is_listed():
    missing = {code: at for code, at in codes_raised().items() if code not in codes_listed()}
    assert missing == {}


def test_every_code_listed_stands_in_the_sources():
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources())
    pieces = set(re.findall(r"[a-z][a-z0-9_]+", text))
    # Some codes are put together: claim_<name>, read_token_<member>.
    made = re.compile(
        r"(claim|read_token|key_proof|operator|header|certificate|field|identifier)_\w+"
    )
    gone = [c for c in codes_listed() if c not in pieces and not made.fullmatch(c)]
    assert gone == []


def test_each_code_is_listed_once():
    listed = codes_listed()
    assert len(listed) > 100
    assert sorted(listed) == sorted(set(listed))
