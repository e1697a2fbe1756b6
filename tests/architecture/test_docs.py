"""Documents say what is: rooms as in pyproject, settings as in the code, alarms and answers as they exist."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from ledger.settings import NodeSettings
from ledger.testing import running_network

DEVELOPER = Path("docs/developer/README.md").read_text(encoding="utf-8")
OPERATOR = Path("docs/operator/README.md").read_text(encoding="utf-8")
FIRM = {
    lang: Path(f"docs/firm/{name}").read_text(encoding="utf-8")
    for lang, name in (("en", "README.md"), ("zh", "README.zh-CN.md"))
}


def section(text, title):
    return re.split(r"\n## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1)[0]


def rows(text):
    """Cells of the table rows, without head and rule."""
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in found[2:]]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_the_map_of_rooms_is_that_of_import_linter():
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    assert contract["type"] == "layers"
    layers = [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]
    table = rows(section(DEVELOPER, "The rooms"))
    assert [names(room) for room, _ in table] == layers
    assert all(what for _, what in table)


def test_every_room_is_there():
    for room, _ in rows(section(DEVELOPER, "The rooms")):
        for name in names(room):
            assert Path("ledger", name).is_dir() or Path("ledger", f"{name}.py").is_file(), name


def test_every_test_folder_is_told():
    told = {names(folder)[0] for folder, _ in rows(section(DEVELOPER, "Which test goes where"))}
    there = {str(path) for path in Path("tests").iterdir() if any(path.rglob("test_*.py"))}
    assert told == there


def test_the_example_of_the_fixture_runs():
    block = re.search(r"```python\n(.*?)```", DEVELOPER, re.DOTALL).group(1)
    space = {}
    exec(compile(block, "docs/developer/README.md", "exec"), space)
    # A network of its own: in the session's another test may have posted the same invoice.
    with running_network() as network:
        space["test_my_invoice_can_be_proven"](network)


def test_the_table_of_settings_is_that_of_the_node():
    table = rows(section(OPERATOR, "Settings"))
    assert [names(name)[0] for name, _, _ in table] == list(NodeSettings.model_fields)
    for name, default, meaning in table:
        field = NodeSettings.model_fields[names(name)[0]]
        needed = field.default is PydanticUndefined
        assert default == ("(needed)" if needed else f"`{field.default}`"), name
        said = re.search(rf"^\s+{names(name)[0]}: (.+?)\.$", NodeSettings.__doc__, re.MULTILINE)
        assert meaning == said[1].replace("``", "`"), name


def test_readyz_is_told_member_by_member(local_ledger):
    ready = local_ledger.run(local_ledger.local.clients["beijing"].ready())
    members = {
        f"{name}.{inner}" if inner else name
        for name, value in ready.items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    told = {
        one for cell, _ in rows(section(OPERATOR, "What `/readyz` says")) for one in names(cell)
    }
    assert told == members


def test_every_alarm_is_told():
    said = {
        one
        for cell, _, _ in rows(section(OPERATOR, "Alarms and what to do"))
        for one in names(cell)
    }
    raised = {
        code
        for room in ("anchoring", "sealing")
        for path in Path("ledger", room).glob("*.py")
        for code in re.findall(
            r'(?:Alarm\(|Standing\(\s*False,)\s*"(\w+)"', path.read_text(encoding="utf-8")
        )
    }
    # A node that starts or stops is not in trouble.
    raised -= {"log_not_started", "log_stopped"}
    assert {"anchor_refused", "head_lock_fork"} <= raised
    assert raised <= said
    code = "".join(path.read_text(encoding="utf-8") for path in Path("ledger").rglob("*.py"))
    assert [one for one in said if f'"{one}"' not in code] == []


@pytest.mark.parametrize("lang", FIRM)
def test_firms_are_told_every_state_as_the_page_shows_it(lang):
    from gateway.texts import EN, SIGNS, ZH

    texts = EN if lang == "en" else ZH
    table = [[cell[0], cell[1]] for cell in rows(FIRM[lang])[:5]]
    assert table == [[SIGNS[state], texts.states[state]] for state in texts.states]


def test_firms_read_the_same_in_both_languages():
    shape = [
        re.sub(r"[^#|`\n]", "", re.sub(r"(?m)^[^#|`\n]*$", "", text)).count("#")
        for text in FIRM.values()
    ]
    assert shape[0] == shape[1]
    blocks = [re.findall(r"ledger\.verify \S+", text) for text in FIRM.values()]
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) == 2


def test_every_start_state_names_a_test_that_there_is():
    """The operator's table of start states: each row is played by the test it names."""
    text = Path("docs/operator/README.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)` \|$", text, re.MULTILINE)
    assert len(named) > 10
    for file, test in named:
        body = Path("tests/unit", file).read_text(encoding="utf-8")
        assert re.search(rf"^def {test}\(", body, re.MULTILINE), test
