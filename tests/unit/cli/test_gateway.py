import os
import signal
import socket
import subprocess
import sys
import threading

import httpx2
import pytest

from ledger.cli.gateway import start, wait
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import invoice


def run(*code):
    return subprocess.Popen([sys.executable, "-c", *code], stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def site(place):
    """Address of a gateway that `jjj gateway` runs; it has to end when it is told to."""
    call = "import sys; from ledger.cli.app import main; main()"
    ours = run(call, "gateway", "--network", str(place.network), "--port", "0")
    with ours.stdout:
        yield ours.stdout.readline().strip()
        ours.send_signal(signal.SIGTERM)
        assert ours.wait(20) == 0


def test_the_gateway_answers_for_its_network(place, site):
    answer = httpx2.get(f"{site}/api/network", trust_env=False, timeout=60)
    assert answer.json()["network"] == place.running.local.network.name


def test_a_dossier_is_found_and_carried_away_through_a_gateway(place, site, tmp_path):
    number, there = "GATE-1", ("--gateway", site)
    importer = place.running.party("importer_bj")
    posted = place.running.post(importer, "tianjin", **invoice(number))
    place.running.settle()
    (page,) = good("search", f"INV:{number}", *there, "--json").lines
    assert [record["id"] for record in page["records"]] == [posted.id]
    assert posted.id in good("search", f"INV:{number}", *there).out
    assert "would be right" in jjj("search", "DEMU0000017", *there).err

    good("policy", "--network", place.network, "--out", tmp_path / "p.json")
    for what in (["bundle", posted.id], ["bundle", f"INV:{number}", "--dossier"]):
        good(*what, *there, "--out", tmp_path / "b.json")
        good("verify", tmp_path / "b.json", "--policy", tmp_path / "p.json")
    none = jjj("bundle", "0" * 64, *there, "--out", tmp_path / "none.json", "--json")
    assert (none.status, none.json["code"]) == (1, "record_unknown")
    assert not (tmp_path / "none.json").exists()


def test_a_gateway_that_cannot_start_is_a_failure(tmp_path):
    missing = {"JJJ_GATEWAY_NETWORK_FILE": str(tmp_path), "JJJ_GATEWAY_LISTEN_PORT": "x"}
    child = start(missing)
    with child.stdout:
        assert wait(child) == 1


def test_a_gateway_that_does_not_start_says_why(place, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        called = jjj("gateway", "--network", place.network, "--port", port, "--json")
    assert (called.status, called.json["code"]) == (2, "gateway_unavailable")
    said = capfd.readouterr().err
    assert "gateway: Address already in use" in said
    assert "Traceback" not in said


def test_a_setting_that_is_none_is_named(capfd):
    child = start({"JJJ_GATEWAY_NETWORK_FILE": "n.json", "JJJ_GATEWAY_LISTEN_PORT": "70000"})
    with child.stdout:
        assert wait(child) == 1
    said = capfd.readouterr().err
    assert said.startswith("gateway: JJJ_GATEWAY_LISTEN_PORT: ")
    assert "Traceback" not in said


def test_a_region_that_falls_silent_on_a_later_page_is_told(monkeypatch):
    def page(silent, cursor):
        regions = [{"region": "hebei", "answered": not silent}]
        return {"read_as": [], "regions": regions, "records": [], "next": cursor}

    pages = {None: page(silent=False, cursor="x"), "x": page(silent=True, cursor=None)}

    async def search(self, text, cursor=None, limit=0):
        return pages[cursor]

    monkeypatch.setattr("ledger.client.GatewayClient.search", search)
    called = jjj("search", "X", "--gateway", "http://127.0.0.1:9")
    assert called.status == 2
    assert called.err == "no record found\nno answer from hebei\n"


def test_signals_reach_the_child_while_we_wait():
    child = run("import time; print('up', flush=True); time.sleep(600)")
    assert child.stdout.readline() == "up\n"
    # To the process and not to the timer's thread: only so does it wake the thread that waits.
    timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGTERM])
    timer.start()
    before = signal.getsignal(signal.SIGTERM)
    with child.stdout:
        assert wait(child) == 0
    assert child.returncode == -signal.SIGTERM
    timer.join()
    assert signal.getsignal(signal.SIGTERM) is before
