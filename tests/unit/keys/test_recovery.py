import stat

import pytest

from ledger.errors import InputError
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_recovery_key
from ledger.keys.known import refuse_known_keys
from ledger.keys.recovery import RecoveryKey
from ledger.statement.hpke import public_key_of


def test_a_key_is_read_as_it_was_written_and_never_overwritten(tmp_path):
    key = RecoveryKey.make()
    key.save(tmp_path / "recovery.key")
    assert stat.S_IMODE((tmp_path / "recovery.key").stat().st_mode) == 0o600
    again = RecoveryKey.load(tmp_path / "recovery.key")
    assert (again.private, again.public_key) == (key.private, public_key_of(key.private))
    with pytest.raises(InputError, match="key_exists"):
        RecoveryKey.make().save(tmp_path / "recovery.key")
    assert RecoveryKey.make().private != key.private


def test_what_is_no_recovery_key_is_refused(tmp_path):
    AuthorKey.make().save(tmp_path / "author.key")
    (tmp_path / "text.key").write_text("no key")
    (tmp_path / "text.key").chmod(0o600)
    AuthorKey.make().save(tmp_path / "locked.key", b"secret")
    for name in ("author.key", "text.key", "locked.key"):
        with pytest.raises(InputError, match="key_malformed"):
            RecoveryKey.load(tmp_path / name)
    with pytest.raises(InputError, match="key_missing"):
        RecoveryKey.load(tmp_path / "gone.key")


def test_demo_keys_are_stable_and_known():
    key = demo_recovery_key("hebei").public_key
    assert key == demo_recovery_key("hebei").public_key != demo_recovery_key("beijing").public_key
    refuse_known_keys("demo-00000000", [key])
    with pytest.raises(InputError, match="key_publicly_known"):
        refuse_known_keys("jjj-00000000", [key])
