"""The README's example does what it says, and its commands exist."""

import os
import re
from pathlib import Path

README = Path("README.md").read_text(encoding="utf-8")


def test_the_ten_lines_verify(capsys):
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    assert len(block.strip().splitlines()) <= 10
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("passed")
    for check in ("signature", "inclusion", "quorum"):
        assert f"{check}: passed" in printed


def test_the_commands_are_there():
    for command in re.findall(r"^(\./scripts/\w+)", README, re.MULTILINE):
        assert os.access(command, os.X_OK), command


def test_links_lead_somewhere():
    pages = [Path("README.md"), Path("CONTRIBUTING.md"), *Path("docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"
