"""The scorecard's own book-keeping: what counts, for which tree, and that a finding is never lost."""

import subprocess

from tests.scorecard.results import Reached, Results, load, save
from tests.scorecard.row import Chunk
from tests.scorecard.rows import ROWS
from tests.scorecard.tree import ROOT, tree_hash


def test_rows_stand_once_and_in_order():
    numbers = [row.number for row in ROWS]
    assert numbers == sorted(set(numbers))
    assert all(0 < row.first <= row.goal for row in ROWS)


def test_the_document_says_what_is_tried():
    lines = (ROOT / "docs" / "developer" / "scorecard.md").read_text("utf-8").splitlines()
    said = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]
    assert [line[:4] for line in said] == [
        [str(row.number), row.title, f"{row.first:,} {row.unit}", f"{row.goal:,}"] for row in ROWS
    ]
    assert all((ROOT / line[4].strip("`")).is_file() for line in said)


def test_results_are_kept_and_found_again(tmp_path):
    file = tmp_path / "results.json"
    results = Results("tree")
    results.of(19).add(Chunk(3, [], {"moment": 2}), 1.0)
    results.of(19).add(Chunk(4, [], {"moment": 3, "other": 1}, "quick"), 1.5)
    results.of(19).findings.append("seed 1: broken")
    counted = {"moment": 5, "other": 1}
    assert results.of(19) == Reached(2, 7, 2.5, ["seed 1: broken"], counted, ["quick"])
    save(results, file)
    assert load("tree", file) == results


def test_results_of_another_tree_do_not_add_up(tmp_path):
    file = tmp_path / "results.json"
    results = Results("tree")
    results.of(19).cases = 7
    save(results, file)
    assert load("another tree", file) == Results("another tree")


def test_any_byte_of_the_product_changes_the_tree(tmp_path):
    (tmp_path / "ledger").mkdir()
    file = tmp_path / "ledger" / "one.py"
    file.write_text("a = 1\n")
    (tmp_path / "README.md").write_text("not the product\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    first = tree_hash(tmp_path)
    assert tree_hash(tmp_path) == first
    (tmp_path / "README.md").write_text("still not\n")
    assert tree_hash(tmp_path) == first
    file.write_text("a = 2\n")
    second = tree_hash(tmp_path)
    file.rename(file.with_name("two.py"))
    assert len({first, second, tree_hash(tmp_path)}) == 3
