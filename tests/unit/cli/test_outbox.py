import pytest

from ledger.cli.outbox import Outbox
from ledger.client import Receipt
from ledger.errors import InputError

RECEIPT = Receipt("ab" * 32, "net/tianjin/1", 0, 1, "{}", "proof")


def test_what_was_kept_is_found_by_the_next_run_until_it_is_answered(tmp_path):
    path = tmp_path / "rows.receipts"
    first = Outbox(path)
    first.keep({"r1": "s1", "r2": "s2", "r3": "s3"})
    first.settle([("r1", "a.json", RECEIPT)], ["r3"])
    second = Outbox(path)
    assert [second.statement(row) for row in ("r1", "r2", "r3")] == [None, "s2", None]
    assert second.receipt("r1")["id"] == RECEIPT.id
    assert [second.knows(row) for row in ("r1", "r2", "r3")] == [True, True, False]


def test_nothing_is_left_beside_once_all_is_answered(tmp_path):
    outbox = Outbox(tmp_path / "rows.receipts")
    outbox.keep({"r1": "s1"})
    assert (tmp_path / "rows.receipts.unanswered").exists()
    outbox.settle([("r1", "a.json", RECEIPT)], [])
    assert not (tmp_path / "rows.receipts.unanswered").exists()


def test_a_torn_line_costs_itself_and_not_the_next_one(tmp_path):
    path = tmp_path / "rows.receipts"
    Outbox(path).settle([("r1", "a.json", RECEIPT)], [])
    with path.open("ab") as file:
        file.write(b'{"row":"r2","rec')
    torn = Outbox(path)
    torn.settle([("r3", "a.json", RECEIPT)], [])
    again = Outbox(path)
    assert [again.receipt(row) is not None for row in ("r1", "r2", "r3")] == [True, False, True]


@pytest.mark.parametrize("text", ["hello\n", "[]\n", '{"id":1}\n'])
def test_a_file_of_something_else_is_not_taken_for_receipts(tmp_path, text):
    path = tmp_path / "important.txt"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        Outbox(path)
    assert refused.value.code == "receipts_malformed"
    assert path.read_text() == text
