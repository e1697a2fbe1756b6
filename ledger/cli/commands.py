"""The tree of commands; each part is loaded when it is used, so that none waits for the others."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ledger.cli.output import emit
from ledger.errors import InputError
from ledger.problems import problem_of

PARTS: Final = {
    "demo": "ledger.cli.demo:command",
    "submit": "ledger.cli.submit:submit",
    "amend": "ledger.cli.changes:amend",
    "withdraw": "ledger.cli.changes:withdraw",
    "mine": "ledger.cli.mine:mine",
    "search": "ledger.cli.search:search",
    "bundle": "ledger.cli.bundle:bundle",
    "verify": "ledger.cli.verify:verify",
    "policy": "ledger.cli.policy:policy",
    "keys": "ledger.cli.keys:app",
    "chain": "ledger.cli.chain:app",
    "node": "ledger.cli.node:app",
    "audit": "ledger.cli.recovery:audit",
    "backup": "ledger.cli.recovery:backup",
    "restore": "ledger.cli.recovery:restore",
    "drill": "ledger.cli.recovery:drill",
    "gateway": "ledger.cli.gateway:gateway",
    "registry": "ledger.cli.registry:app",
}
"""Where each command or group of commands is, in the order in which help shows them."""

_AS_JSON: Final = "ledger.as_json"


class LazyGroup(TyperGroup):
    """Loads a part when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - typer's own type is private
        """All parts, in order."""
        return list(PARTS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ANN401, ARG002
        """The part of that name."""
        place = PARTS.get(cmd_name)
        return None if place is None else _load(cmd_name, place)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """As any group, but remembers whether the call asks for machine output."""
        ctx.meta[_AS_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as above
        """Run the command; where JSON is asked for, a call that makes no sense is a problem object, too."""
        try:
            return super().invoke(ctx)
        except typer.TyperException as error:
            if ctx.meta[_AS_JSON]:
                emit(problem_of(InputError("usage_invalid", error.format_message())))
            raise


def _load(name: str, place: str) -> TyperCommand | TyperGroup:
    module, _, attribute = place.partition(":")
    part = getattr(import_module(module), attribute)
    if not isinstance(part, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(part)
        part = alone
    command = get_command(part)
    command.name = name
    assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 - narrows typer's private base
    return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Jing-Jin-Ji Customs Ledger · 京津冀通关账本. "
    "Exit status: 0 done, 1 refused or failed, 2 called wrongly or cannot tell.",
)


@app.callback()
def _root() -> None:
    pass
