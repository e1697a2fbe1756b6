from ledger.records.amending import may_follow, role_amends


def test_customs_amend_declarations_and_nothing_else():
    assert role_amends("import_declaration", {"import_declaration", "release"})
    assert role_amends("transit_declaration", {"release"})
    assert not role_amends("import_declaration", {"import_declaration"})
    assert not role_amends("document", {"document", "release"})
    assert not role_amends("no_such_kind", {"no_such_kind", "release"})


def test_a_record_stays_its_issuers_whoever_amended_it():
    assert may_follow("urn:uscc:A", "urn:uscc:A", amends_others=False)
    assert may_follow("urn:uscc:B", "urn:uscc:A", amends_others=True)
    assert not may_follow("urn:uscc:B", "urn:uscc:A", amends_others=False)
