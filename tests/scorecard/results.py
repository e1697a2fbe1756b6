"""What was reached so far, kept in a committed file; results of another product tree do not add up."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.scorecard.row import Chunk

FILE = Path(__file__).with_name("results.json")


@dataclass
class Reached:
    """Of one row: finished chunks, cases, seconds of work, what broke, moments reached, figures."""

    chunks: int = 0
    cases: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)

    def add(self, chunk: Chunk, seconds: float) -> None:
        """Add up what a finished chunk reached; what it found is judged by the row."""
        self.chunks, self.cases = self.chunks + 1, self.cases + chunk.cases
        self.seconds += seconds
        for name, times in chunk.counted.items():
            self.counted[name] = self.counted.get(name, 0) + times
        if chunk.figures:
            self.figures.append(chunk.figures)


@dataclass
class Results:
    """All rows on one tree."""

    tree: str
    rows: dict[int, Reached] = field(default_factory=dict)

    def of(self, number: int) -> Reached:
        return self.rows.setdefault(number, Reached())


def load(tree: str, file: Path = FILE) -> Results:
    """The results of that tree: empty where the file tells of another one."""
    if not file.exists():
        return Results(tree)
    value = json.loads(file.read_text("utf-8"))
    if value["tree"] != tree:
        return Results(tree)
    return Results(tree, {int(number): Reached(**row) for number, row in value["rows"].items()})


def save(results: Results, file: Path = FILE) -> None:
    """Replace the file in one step, so that a stop in between loses nothing."""
    rows = {str(number): asdict(results.rows[number]) for number in sorted(results.rows)}
    for row in rows.values():
        row["seconds"] = round(row["seconds"], 1)
    beside = file.with_suffix(".new")
    text = json.dumps({"tree": results.tree, "rows": rows}, indent=2)
    beside.write_text(text + "\n", "utf-8")
    beside.replace(file)
