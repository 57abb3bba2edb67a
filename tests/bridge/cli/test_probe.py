"""`zenlink probe` as a person meets it, over bare sockets of loopback."""

from __future__ import annotations

import contextlib
import csv
import json

import pytest

from bridge.cli.main import main
from bridge.cli.probe_views import sparkline
from netopt.probe.clocks import SystemClock
from netopt.probe.echo import Answerer
from netopt.probe.tcp import TcpEcho
from netopt.probe.udp import UdpEcho

QUICK = ["--rate", "200", "--count", "50", "--warmup", "5"]


@pytest.fixture
def echo():
    found = UdpEcho("127.0.0.1:0", Answerer(clock=SystemClock(), rate_hz=20_000.0, bytes_per_s=1e9))
    yield f"udp://{found.address}"
    found.close()


def test_a_met_target_is_exit_0_with_the_figures(echo, capsys):
    assert main(["probe", "ping", echo, *QUICK, "--class", "60000"]) == 0
    out = capsys.readouterr().out
    assert "there and back" in out
    assert "warm-up: 5 messages" in out
    assert "met: p99 one way" in out


def test_a_missed_target_is_exit_1(echo, capsys):
    assert main(["probe", "ping", echo, *QUICK, "--class", "0.0001"]) == 1
    assert "missed" in capsys.readouterr().out


def test_json_is_one_object_with_provenance(echo, capsys):
    main(["probe", "ping", echo, *QUICK, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "zenlink.probe/1"
    assert found["summary"]["sent"] == 50
    assert found["provenance"]["cpus"] >= 1


def test_the_kernels_figures_are_those_of_the_measured_socket(capsys, tmp_path):
    answerer = Answerer(clock=SystemClock(), rate_hz=20_000.0, bytes_per_s=1e9)
    with contextlib.closing(TcpEcho("127.0.0.1:0", answerer)) as echo:
        main(["probe", "ping", f"tcp://{echo.address}", *QUICK, "--json"])
        text = capsys.readouterr().out
        (found,) = json.loads(text)["kernel"]
        assert f"{found['ends']['remote']}:{found['ends']['remote_port']}" == echo.address
        tcp = found["figures"]["tcp"]
        assert tcp["bytes_received"] == 55 * (4 + 64)
        assert tcp["bytes_sent"] >= 55 * (4 + 64)  # more, where a segment was sent again
        assert tcp["rtt_ms"] >= tcp["min_rtt_ms"] > 0.0
        main(["probe", "ping", f"tcp://{echo.address}", *QUICK])
        assert f"to {echo.address}: round trip" in capsys.readouterr().out
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    assert main(["probe", "report", str(file)]) == 0


def test_a_result_of_before_the_kernels_figures_is_still_read(echo, tmp_path, capsys):
    main(["probe", "ping", echo, *QUICK, "--json"])
    found = json.loads(capsys.readouterr().out)
    del found["kernel"], found["kernel_void"]
    file = tmp_path / "old.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    assert main(["probe", "report", str(file)]) == 0


def test_csv_has_a_line_a_message(echo, tmp_path):
    file = tmp_path / "out.csv"
    main(["probe", "ping", echo, *QUICK, "--csv", str(file)])
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 50
    assert float(rows[0]["latency_ms"]) > 0.0


def test_results_add_up(echo, tmp_path, capsys):
    files = []
    for number in range(2):
        main(["probe", "ping", echo, *QUICK, "--json"])
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["probe", "report", *map(str, files), "--json"]) == 0
    together = json.loads(capsys.readouterr().out)
    assert (together["runs"], together["sent"], together["latency"]["count"]) == (2, 100, 100)
    assert main(["probe", "report", *map(str, files)]) == 0
    assert "together" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["png", "html"])
def test_a_plot_is_written_and_names_its_circumstances(echo, tmp_path, suffix):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    file = tmp_path / f"plot.{suffix}"
    main(["probe", "ping", echo, *QUICK, "--plot", str(file)])
    begin = file.read_bytes()[:2000]
    assert begin.startswith(b"\x89PNG") if suffix == "png" else b"<!doctype html>" in begin
    if suffix == "html":
        text = file.read_text(encoding="utf-8")
        assert "50 messages of 64 B at 200 Hz" in text
        assert f"to {echo.removeprefix('udp://')}: 0 datagrams found no room" in text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["udp://127.0.0.1:1", "--class", "near"], 2, "no class"),
        (["udp://127.0.0.1:1", "--rate", "0"], 2, "choose"),
        (["udp://nonsense"], 2, "HOST:PORT"),
        (["tcp/nonsense"], 2, "port"),
        (["tcp/10.0.0.7:7447"], 2, "insecure"),
        (["not-a-zid", "--connect", "tcp/127.0.0.1:1"], 2, "Zenoh id"),
        (["udp://127.0.0.1:1", "--plot", "x.pdf"], 2, "png"),
        (["tcp://127.0.0.1:1"], 3, "serve"),
        (["dds", "--socket", "/nowhere/s"], 3, "agent"),
        (["dds:No-Echo"], 2, "no name of an echo"),
        (["dds:/1x/c10d"], 2, "ROS name"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_its_code(arguments, code, said, capsys):
    assert main(["probe", "ping", *arguments]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err


def test_a_silent_target_is_exit_3(capsys):
    assert main(["probe", "ping", "udp://127.0.0.1:9", *QUICK, "--timeout", "0.1"]) == 3
    assert "none of 50 messages was answered" in capsys.readouterr().out


def test_a_bare_echo_on_the_network_is_refused(capsys):
    assert main(["probe", "serve", "--udp", "0.0.0.0:0"]) == 2
    assert "--insecure" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", '{"format": "zenlink.probe/1"}', "\0"])
def test_a_file_that_is_no_result_is_refused(text, tmp_path, capsys):
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    assert main(["probe", "report", str(file)]) == 2
    assert "no result" in capsys.readouterr().err


def test_a_sparkline_shows_peaks_and_losses():
    assert sparkline([1.0, None, 8.0]) == "▂x█"
    assert sparkline([]) == ""
