"""When several nodes' answers make a fact: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

TWO = 2
"""One liar among four validators is borne (n = 3f + 1): of two that say the same, one is honest."""


@dataclass(frozen=True, slots=True)
class Agreement(Generic[T]):
    """What the answers of nodes of different authorities come to.

    Attributes:
        value: what two or more say, more than say anything else; None where there is no such thing.
        minority: who says something else than ``value``.
        disputed: there are different answers, and no majority decides between them.
    """

    value: T | None
    minority: tuple[str, ...] = ()
    disputed: bool = False


def weigh(answers: Mapping[str, T]) -> Agreement[T]:
    """Weigh what each authority's node says; who says nothing is left out, and is never in a minority."""
    if not answers:
        return Agreement(None)
    ((value, voices),) = Counter(answers.values()).most_common(1)
    if voices >= TWO and 2 * voices > len(answers):
        against = tuple(name for name, said in answers.items() if said != value)
        return Agreement(value, against)
    return Agreement(None, disputed=len(answers) > 1)
