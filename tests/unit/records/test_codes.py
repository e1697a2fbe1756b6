"""Code lists: what holds when, and that each list says where it comes from."""

import json
from datetime import date
from importlib.resources import files

from ledger.records.codes import table


def test_every_list_names_source_and_licence():
    folder = files("ledger.records").joinpath("tables")
    sources = json.loads(folder.joinpath("sources.json").read_text("utf-8"))
    lists = {file.name[:-4] for file in folder.iterdir() if file.name.endswith(".csv")}
    assert lists == set(sources)
    for name, of in sources.items():
        assert of["source"], name
        assert of["licence"], name
        assert table(name).rows, name


def test_a_code_holds_from_its_first_to_its_last_day():
    currencies = table("currency")
    assert currencies.fault("HRK", date(2022, 12, 31)) is None
    assert currencies.fault("HRK", date(2023, 1, 1)).code == "code_not_in_force"
    assert currencies.fault("XCG", date(2025, 3, 30)).code == "code_not_in_force"
    assert currencies.fault("XCG", date(2025, 3, 31)) is None
    assert currencies.fault("HRK", None) is None


def test_sizes_of_the_lists():
    assert len(table("country").rows) == 249
    hs = table("hs").rows
    assert sum(len(code) == 6 for code in hs) == 5613
    assert sum(len(code) == 4 for code in hs) == 1229
