"""docs/operator/cli.md against the program itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from ledger.cli.commands import app
from ledger.cli.plan import read_plan
from ledger.cli.rows import Defaults, Row, read_rows
from ledger.statement.claims import Source

PAGE = Path(__file__).parents[3] / "docs" / "operator" / "cli.md"


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(command, TyperGroup):
        for one in command.list_commands(None):
            yield from commands(command.get_command(None, one), f"{name} {one}")
    else:
        yield name, command


TREE = dict(commands(typer.main.get_command(app), "jjj"))


def sections() -> dict[str, str]:
    """What the page says of each command, by name."""
    parts = re.split(r"(?m)^### (jjj .*)$", PAGE.read_text("utf-8"))
    return {
        name: text.split("\n## ")[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_the_page_has_every_command_and_no_other():
    assert sections().keys() == TREE.keys()


@pytest.mark.parametrize("name", TREE)
def test_each_command_is_described_with_its_arguments_and_options(name):
    said = set(re.findall(r"(?m)^\| `([^`]+)` \|", sections()[name]))
    real = {
        parameter.opts[0]
        if parameter.param_type_name == "option"
        else parameter.metavar or parameter.name.upper()
        for parameter in TREE[name].params
    }
    assert said == real


@pytest.mark.parametrize("name", TREE)
def test_help_of_each_command_tells_what_it_does(name):
    command = TREE[name]
    assert command.help
    for parameter in command.params:
        assert parameter.help, f"{parameter.name} has no help"


def test_every_result_can_be_had_as_json():
    without = {
        name
        for name, command in TREE.items()
        if not any("--json" in p.opts for p in command.params)
    }
    # Prints its one line itself, for whoever starts it.
    assert without == {"jjj chain run"}


def test_the_plan_of_the_page_is_a_plan(tmp_path):
    (text,) = re.findall(r"(?s)```toml\n(.*?)```", PAGE.read_text("utf-8"))
    (tmp_path / "plan.toml").write_text(text, "utf-8")
    plan = read_plan(tmp_path / "plan.toml")
    assert [region.name for region in plan.regions] == ["beijing", "tianjin", "hebei"]
    assert plan.regions[1].keys == tmp_path / "keys" / "tianjin"


def test_the_row_of_the_page_is_a_row(tmp_path):
    (line,) = re.findall(r'(?m)^    (\{"kind".*\})$', PAGE.read_text("utf-8"))
    (tmp_path / "row.json").write_text(line)
    (row,) = read_rows([tmp_path / "row.json"], Defaults(None, Source("a", "typed", "")))
    assert isinstance(row, Row)


def test_variables_of_the_page_are_those_of_the_program():
    said = set(re.findall(r"(?m)^\| `(JJJ_[A-Z_]+)` \|", PAGE.read_text("utf-8")))
    real = {p.envvar for command in TREE.values() for p in command.params if p.envvar}
    assert said == real
