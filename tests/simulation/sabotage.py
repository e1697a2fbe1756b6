"""Courses with a planted fault: each has to break the promise that its module names, and none without it."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation import course
from tests.simulation.course import Outcome

NAMES = sorted(path.stem for path in (Path(__file__).parent / "planted").glob("*.py"))
_SEEDS = 8
# Red by these says nothing: a process that falls over breaks no promise.
_NOT_ENOUGH = {"alive", "endless"}


def planted(name: str):
    return importlib.import_module(f"tests.simulation.planted.{name}")


def missed(name: str, tell: Callable[[str], object] = print) -> list[str]:
    """What is wrong with a planted fault: that no seed finds it, or that its seed finds something without it.

    Every change of the product gives a seed another course, so a few seeds are tried.
    """
    module = planted(name)
    for seed in range(module.SEED, module.SEED + _SEEDS):
        with pytest.MonkeyPatch.context() as patch:
            module.plant(patch)
            broken = _run(module, seed)
        if module.BREAKS in broken.broken() - _NOT_ENOUGH:
            first = next(one for one in broken.findings if one.startswith(module.BREAKS))
            tell(f"{name}: seed {seed}: {first}")
            return [f"{name}: clean: {finding}" for finding in _run(module, seed).findings]
    return [f"{name}: no seed from {module.SEED} on finds it"]


def _run(module, seed: int) -> Outcome:
    return course.run(seed, seconds=module.SECONDS, kinds=module.KINDS)
