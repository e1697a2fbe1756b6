"""Settings and processes, with a stand-in for the engine."""

import http.server
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ledger.consortium import calls, tether
from ledger.consortium.layout import lay_out
from ledger.consortium.validators import consortium
from ledger.errors import UnavailableError
from tests.processes import halt, runs
from tests.unit.consortium.engine import plan, stand_in


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("consortium")
    program = stand_in(folder)
    return program, lay_out(folder / "chain", program, plan())


@pytest.fixture
def chain(laid_out):
    program, homes = laid_out
    for home in homes:
        home.log.unlink(missing_ok=True)
    with consortium(program, homes, plan(), block_time=0.25) as made:
        yield made


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_everything_listens_on_loopback_at_ports_of_its_own(chain):
    seen = set()
    for name, one in chain.validators.items():
        settings = chain.settings(name)
        ports = one.ports
        addresses = {
            settings["EVMD_P2P_LADDR"]: f"tcp://127.0.0.1:{ports.p2p}",
            settings["EVMD_RPC_LADDR"]: f"tcp://127.0.0.1:{ports.comet}",
            settings["EVMD_GRPC_ADDRESS"]: f"127.0.0.1:{ports.grpc}",
            settings["EVMD_JSON_RPC_ADDRESS"]: f"127.0.0.1:{ports.json_rpc}",
            settings["EVMD_JSON_RPC_WS_ADDRESS"]: f"127.0.0.1:{ports.json_ws}",
        }
        assert [*addresses] == [*addresses.values()]
        assert one.url == f"http://127.0.0.1:{ports.json_rpc}"
        seen |= set(addresses)
    assert len(seen) == 4 * 5


def test_each_knows_the_three_others_by_id_and_straight(chain):
    ports = {name: one.ports.p2p for name, one in chain.validators.items()}
    for name in ports:
        peers = chain.settings(name)["EVMD_P2P_PERSISTENT_PEERS"].split(",")
        assert peers == [
            f"id-of-{other}@127.0.0.1:{port}" for other, port in ports.items() if other != name
        ]


def test_every_directed_link_may_lead_elsewhere(chain):
    chain.peer_address = lambda source, target: f"127.0.0.1:{len(source)}{len(target)}"
    peers = chain.settings("hebei")["EVMD_P2P_PERSISTENT_PEERS"]
    assert (
        peers
        == "id-of-beijing@127.0.0.1:57,id-of-tianjin@127.0.0.1:57,id-of-supervisor@127.0.0.1:510"
    )


def test_the_plans_settings_and_the_block_time_reach_the_engine(chain):
    settings = chain.settings("beijing")
    assert settings["EVMD_CONSENSUS_TIMEOUT_COMMIT"] == "250ms"
    assert settings["EVMD_MINIMUM_GAS_PRICES"] == "0atest"
    assert settings["EVMD_JSON_RPC_ALLOW_INSECURE_UNLOCK"] == "false"
    assert settings["EVMD_P2P_PEX"] == "false"


def test_the_engine_has_its_home_and_nothing_of_ours(chain):
    chain.start("hebei")
    one = chain.validators["hebei"]
    until(lambda: "starts in hebei" in one.last_words())
    environment = dict(
        each.split("=", 1)
        for each in Path(f"/proc/{one.pid}/environ").read_text().split("\0")
        if each
    )
    # Python, which stood there before the engine, sets it where nobody has said how text is written.
    environment.pop("LC_CTYPE", None)
    assert environment == {"HOME": str(one.home.folder), **chain.settings("hebei")}


def test_started_killed_stopped_and_started_again(chain):
    chain.start()
    first = {name: one.pid for name, one in chain.validators.items()}
    assert all(runs(pid) for pid in first.values())
    chain.kill("tianjin")
    assert chain.validators["tianjin"].pid is None
    assert not runs(first["tianjin"])
    chain.start("tianjin")
    assert chain.validators["tianjin"].pid not in (None, first["tianjin"])
    assert {name: chain.validators[name].pid for name in first if name != "tianjin"} == {
        name: pid for name, pid in first.items() if name != "tianjin"
    }
    chain.stop()
    assert [one.pid for one in chain.validators.values()] == [None] * 4


def test_one_that_will_not_end_is_killed(chain, monkeypatch):
    monkeypatch.setattr("ledger.consortium.validator._STOP_SECONDS", 0.2)
    chain.start("beijing")
    pid = chain.validators["beijing"].pid
    halt(pid)
    chain.stop("beijing")
    assert not runs(pid)


def test_one_that_ends_while_it_is_waited_for_is_named_with_its_last_words(chain):
    chain.start()
    one = chain.validators["hebei"]
    until(lambda: "starts in hebei" in one.last_words())
    one.kill()
    with pytest.raises(UnavailableError, match="hebei ended: starts in hebei") as refused:
        chain.wait_for_blocks(seconds=20)
    assert refused.value.code == "consortium_not_started"


def test_one_that_makes_no_blocks_is_named_in_time(chain):
    chain.start()
    with pytest.raises(UnavailableError, match="beijing makes no blocks"):
        chain.wait_for_blocks(seconds=0.2)


@pytest.mark.parametrize(("steps", "makes_blocks"), [((7, 7, 7, 8), True), ((7,), False)])
def test_blocks_are_made_when_the_height_grows_not_when_there_is_one(
    chain, monkeypatch, steps, makes_blocks
):
    chain.start("hebei")
    told = [*steps]
    one = chain.validators["hebei"]
    monkeypatch.setattr(one, "height", lambda: told.pop(0) if len(told) > 1 else told[0])
    if makes_blocks:
        chain.wait_for_blocks("hebei", seconds=20)
        assert told == [8]
    else:
        with pytest.raises(UnavailableError, match="hebei makes no blocks"):
            chain.wait_for_blocks("hebei", seconds=0.5)


def test_what_is_started_ends_with_a_parent_that_is_killed():
    parent = subprocess.Popen(
        [
            sys.executable, "-c",
            "import subprocess, sys, os\n"
            f"command = [sys.executable, {str(tether.__file__)!r}, str(os.getpid()), '/bin/sleep', '60']\n"
            "print(subprocess.Popen(command).pid, flush=True)\nsys.stdin.read()",
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child = int(parent.stdout.readline())
    until(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n")
    parent.kill()
    parent.wait()
    # Not read to its end: the child holds the other one.
    parent.stdout.close()
    parent.stdin.close()
    until(lambda: not runs(child))


def test_whose_parent_is_gone_already_is_not_started_at_all():
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    done = subprocess.run(
        [sys.executable, tether.__file__, str(gone.pid), "/bin/echo", "started"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("body", "height"),
    [
        (b'{"result": "0x2a"}', 42),
        (b'{"result": 3}', 3),
        (b'{"error": {"code": -32000}}', None),
        (b'{"result": "soon"}', None),
        (b'{"result": null}', None),
        (b"[]", None),
        (b"<html>", None),
    ],
)
def test_a_height_is_what_the_validator_says_or_nothing(body, height):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert calls.height(server.server_port) == height


def test_a_silent_validator_has_no_height(chain):
    assert chain.validators["beijing"].height() is None
