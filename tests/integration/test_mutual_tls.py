"""Mutual TLS between agents: the right certificate links, each wrong one is refused and counted by cause."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zenoh

from bridge.demo.places import free_tcp_port
from tests.integration.support import Agent, agent, domains, eventually
from tests.integration.support.certificates import SERVER, Certificates, shown_by
from tests.integration.support.clocks import SteppedClock
from tests.integration.support.processes import ROOT, Process, scratch_folder

ROUTER = {"enabled": False}


def linked(one: Agent) -> list[str]:
    return [link["zid"] for link in one.status()["links"]]


def down(one: Agent) -> str:
    """What the finding `link_down` says; empty while there is none."""
    found = [finding for finding in one.status()["findings"] if finding["code"] == "link_down"]
    return found[0]["text"] if found else ""


def link_table(one: Agent) -> list[dict[str, Any]]:
    """As `zenlink links` tells it."""
    command = [sys.executable, "-m", "bridge", "links", "--json", "--socket", str(one.socket)]
    found: list[dict[str, Any]] = json.loads(subprocess.check_output(command, cwd=ROOT, timeout=60))
    return found


def log_of(one: Agent) -> str:
    return one.process.log.read_text(errors="replace")


def test_wrong_certificates_are_refused_by_cause_and_disturb_nobody(tmp_path: Path) -> None:
    made, other = Certificates(tmp_path), Certificates(tmp_path, "other")
    listening = {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station", sans=["127.0.0.1"])}
    right, foreign = made.tls("robot1"), other.tls("robot3")
    anonymous = {"ca": str(made.ca)}
    with (
        domains(2) as (near, far),
        agent(domain=near, settings={"zenoh": listening}) as station,
        agent(domain=far, connect=[station], settings={"zenoh": {"listen": [], "tls": right}}) as robot,
        contextlib.ExitStack() as strangers,
    ):
        eventually(lambda: linked(station) and linked(robot))
        partner = linked(station)
        to_station = eventually(lambda: (found := link_table(robot))[0]["rtt_p50_ms"] is not None and found)[
            0
        ]
        assert (to_station["state"], to_station["to"]) == ("met", station.endpoint)
        assert (to_station["reconnects"], to_station["protocol"]) == (0, "tls")
        assert to_station["certificate"].endswith(" days left")
        assert link_table(station)[0]["reconnects"] is None, "it was opened by the other side"

        def stranger(tls: dict[str, Any], *, host: str = "127.0.0.1") -> Agent:
            endpoint = station.endpoint.replace("127.0.0.1", host)
            settings = {"ros": ROUTER, "zenoh": {"listen": [], "connect": [endpoint], "tls": tls}}
            return strangers.enter_context(agent(domain=far, settings=settings))

        cases = {
            "no_certificate": (stranger(anonymous), "client certificate missing"),
            "wrong_ca": (
                stranger(foreign | {"ca": str(made.ca)}),
                "client certificate refused: .*did not sign it",
            ),
            "expired": (stranger(made.tls("robot4", days=-1)), "client certificate refused: .*expired"),
            "wrong_usage": (stranger(made.tls("robot5", usages=[SERVER])), "client certificate refused"),
            "peer_refused_ca": (stranger(right | {"ca": str(other.ca)}), "wrong CA"),
            "peer_refused_name": (stranger(right, host="localhost"), "name mismatch"),
        }
        for one, words in cases.values():
            text = eventually(lambda one=one: down(one))
            assert text.startswith(words.split(":")[0]), text
            assert words.rpartition("*")[2] in text
            assert linked(one) == []
        with socket.create_connection(("127.0.0.1", int(station.endpoint.rpartition(":")[2]))) as plain:
            plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
            expected = {*cases, "not_tls"}
            eventually(lambda: station.status()["handshakes_refused"].keys() >= expected)
        assert linked(station) == partner, "nobody else is linked, and the right one still is"
        assert "invalid peer certificate: UnknownIssuer" in log_of(station)
    assert station.process.stdout.closed or station.process.stdout.read() == b""


def test_a_link_comes_up_when_the_certificate_is_put_right(tmp_path: Path) -> None:
    """Those who connect read their files at each attempt, so nothing is restarted."""
    made = Certificates(tmp_path)
    listening = {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station")}
    connecting = {"listen": [], "tls": made.tls("robot1", days=-1)}
    with (
        domains(2) as (near, far),
        agent(domain=near, settings={"ros": ROUTER, "zenoh": listening}) as station,
        agent(domain=far, connect=[station], settings={"ros": ROUTER, "zenoh": connecting}) as robot,
    ):
        eventually(lambda: down(robot))
        codes = [finding["code"] for finding in robot.status()["findings"]]
        assert codes == ["certificate_expired", "link_down"]
        made.issue("robot1")
        eventually(lambda: linked(robot) and not robot.status()["findings"])


DAY_S = 86_400.0


@pytest.mark.skipif(not SteppedClock.available(), reason="libfaketime is missing: make test-packages")
def test_the_end_of_a_certificate_is_told_before_and_refused_after_until_it_is_replaced(
    tmp_path: Path,
) -> None:
    made, clock = Certificates(tmp_path), SteppedClock(tmp_path)
    listening = {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station", days=20)}
    connecting = {"listen": [], "tls": made.tls("robot1", days=20)}

    def findings(one: Agent) -> set[tuple[str, str]]:
        found = one.status()["findings"]
        return {(each["code"], each["subject"]) for each in found if each["code"].startswith("certificate")}

    with (
        domains(2) as (near, far),
        agent(domain=near, settings={"ros": ROUTER, "zenoh": listening}, clock=clock) as station,
    ):
        assert findings(station) == set()
        clock.step(7 * DAY_S)
        own = str(tmp_path / "station.pem")
        eventually(lambda: findings(station) == {("certificate_expires_soon", own)})
        clock.step(21 * DAY_S)
        eventually(lambda: ("certificate_expired", own) in findings(station))
        with agent(domain=far, connect=[station], settings={"ros": ROUTER, "zenoh": connecting}) as robot:
            eventually(lambda: "expired" in down(robot))
            eventually(lambda: "expired" in station.status()["handshakes_refused"])
            made.issue("robot1", days=29)
            eventually(lambda: linked(robot))


def test_a_replaced_certificate_is_served_without_a_restart_unless_it_is_faulty(tmp_path: Path) -> None:
    made = Certificates(tmp_path)
    listening = {"listen": ["tls/127.0.0.1:0"], "tls": made.tls("station") | {"mutual": False}}
    with (
        domains(1) as (near,),
        agent(domain=near, settings={"ros": ROUTER, "zenoh": listening}) as station,
    ):
        before = shown_by(station)
        made.issue("station", days=-1)
        expected = {"certificate_not_served", "certificate_expired"}
        eventually(lambda: {finding["code"] for finding in station.status()["findings"]} == expected)
        assert shown_by(station) == before
        made.issue("station")
        eventually(lambda: station.status()["findings"] == [])
        assert shown_by(station) not in (before, b"")


class Secrets:
    """A configuration that has a secret in every place that takes one."""

    def __init__(self, folder: Path) -> None:
        made = Certificates(folder)
        self.port, self.page = free_tcp_port(), free_tcp_port()
        self.token = "t0ken-" + "4f" * 16
        token_file = folder / "token"
        token_file.write_text(f"{self.token}\n")
        token_file.chmod(0o600)
        password, inline = "s3cret-pass", "c2VjcmV0LWtleQ"
        self.configuration = {
            "ros": ROUTER,
            "http": {"listen": f"127.0.0.1:{self.page}", "token_file": str(token_file)},
            "zenoh": {
                "listen": [f"tls/127.0.0.1:{self.port}"],
                "connect": [f"tls/127.0.0.1:1#connect_private_key_base64={inline}"],
                "tls": made.tls("station"),
                "extra": {"transport": {"auth": {"usrpwd": {"user": "robot", "password": password}}}},
            },
        }
        keys = [(folder / f"{name}.key").read_text().splitlines()[1] for name in ("ca", "station")]
        self.all = (self.token, password, inline, *keys)

    def within(self, text: str) -> list[str]:
        """The lines that give one away."""
        return [line for line in text.splitlines() if any(one in line for one in self.all)]

    def asked(self, path: str) -> tuple[int, str]:
        """Status and all that the page answers, with its headers; with the token, which opens everything."""
        page = http.client.HTTPConnection("127.0.0.1", self.page, timeout=60)
        page.request("GET", path, headers={"authorization": f"Bearer {self.token}"})
        with contextlib.closing(page), page.getresponse() as answer:
            return answer.status, f"{answer.headers}{answer.read().decode()}"


def test_secrets_are_nowhere_to_be_read(tmp_path: Path) -> None:
    """Zenoh's own log at its most talkative, too."""
    secrets = Secrets(tmp_path)
    with scratch_folder() as folder, domains(1) as (domain,):
        file, control = folder / "zenlink.yaml", folder / "s"
        file.write_text(json.dumps(secrets.configuration))
        command = [sys.executable, "-m", "bridge", "run", "-c", str(file), "--socket", str(control)]
        command += ["--log-level", "debug"]
        process = Process("agent", command, domain=domain, env={"RUST_LOG": "debug"}, folder=folder)
        shown: dict[str, str] = {}
        try:
            eventually(lambda: process.check() or "link_down" in process.log.read_text(errors="replace"))
            for path in ("/", "/page.js", "/status", "/metrics", "/explain?name=/x", "/healthz"):
                code, shown[path] = secrets.asked(path)
                assert code == 200, path
            for arguments in (
                ["status", "--json", "--socket", str(control)],
                ["routes", "--socket", str(control)],
                ["config", "show", str(file)],
                ["config", "show", "--json", str(file)],
                ["doctor", "-c", str(file), "--json"],
            ):
                asked = Process("asked", [*command[:3], *arguments], domain=domain, env={}, folder=folder)
                shown[" ".join(arguments)] = asked.stdout.read().decode() + asked.log.read_text()
                assert asked.wait() in (0, 1)
                asked.close()
            shown["arguments"] = Path(f"/proc/{process.pid}/cmdline").read_text()
            shown["log"] = process.log.read_text(errors="replace")
            assert "zenoh_transport" in shown["log"]
        finally:
            process.close()
        assert {what: found for what, text in shown.items() if (found := secrets.within(text))} == {}
        assert all(shown.values())


def peer(*connect: str, listen: str) -> zenoh.Session:
    """A stranger with Zenoh's defaults, so gossip, but no multicast, which would leave this host."""
    options = {
        "mode": "peer",
        "listen": {"endpoints": [listen]},
        "connect": {"endpoints": list(connect)},
        "scouting": {"multicast": {"enabled": False}},
        "transport": {"shared_memory": {"enabled": False}},
    }
    return zenoh.open(zenoh.Config.from_json5(json.dumps(options)))


def test_an_agent_never_dials_a_stranger_that_gossip_names() -> None:
    first, second, third = (f"tcp/127.0.0.1:{free_tcp_port()}" for _ in range(3))
    known, stranger = peer(listen=first), peer(first, listen=second)
    with domains(1) as (domain,):
        settings = {"ros": ROUTER, "zenoh": {"mode": "peer", "listen": [], "connect": [first]}}
        with agent(domain=domain, settings=settings) as ours:
            eventually(lambda: linked(ours) == [str(known.zid())])
            # Whoever listens to gossip has been told of the stranger by now, as this one has.
            control = peer(first, listen=third)
            eventually(lambda: str(stranger.zid()) in [str(link.zid) for link in control.info.links()])
            assert linked(ours) == [str(known.zid())]
            control.close()
    stranger.close()
    known.close()
