"""The control socket against real and hostile clients."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.control import MAX_CLIENTS, MAX_REQUEST_BYTES, ControlServer, call
from bridge.errors import CannotRun, ConfigError, InvalidName

WAIT_S = 30.0


def refuse(_):
    raise InvalidName("'x y' is no ROS name")


FAULT = ConfigError(
    "'routr' is not allowed", remedy="did you mean router?", file="b.yaml", line=2, key="zenoh.mode"
)


def faulty(_):
    raise FAULT


def crash(_):
    raise RuntimeError("secret detail")


HANDLERS = {
    "status": lambda _: {"state": "active"},
    "echo": dict,
    "refuse": refuse,
    "crash": crash,
    "faulty": faulty,
    "big": lambda _: "x" * 2_000_000,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "zenlink" / "0.sock"


@pytest.fixture
def server(path):
    server = ControlServer(path, HANDLERS, exchange_s=WAIT_S)
    server.start()
    yield server
    server.close()


@pytest.fixture
def impatient(path):
    """A server that gives its clients little time, for clients that take all they get."""
    server = ControlServer(path, HANDLERS, exchange_s=0.5)
    server.start()
    yield server
    server.close()


def connect(path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(WAIT_S)
    client.connect(str(path))
    return client


def everything(client: socket.socket) -> bytes:
    """What the server sends until it hangs up."""
    chunks = []
    with contextlib.suppress(ConnectionResetError):  # it hung up with bytes of ours unread
        while chunk := client.recv(1 << 16):
            chunks.append(chunk)
    return b"".join(chunks)


def exchange(path, request: bytes) -> dict:
    with connect(path) as client:
        client.sendall(request)
        return json.loads(everything(client))


def assert_serves(path):
    assert call(path, "status") == {"state": "active"}


def test_a_command_is_answered(server, path):
    assert_serves(path)


def test_arguments_arrive(server, path):
    arguments = {"name": "/chatter", "list": [1, None, "ü\n"]}
    assert call(path, "echo", **arguments) == arguments


def test_a_reply_larger_than_any_buffer_arrives_whole(server, path):
    assert call(path, "big") == "x" * 2_000_000


def test_an_unknown_command_names_the_known_ones(server, path):
    with pytest.raises(CannotRun, match="unknown command 'dance'; this agent knows big, crash, echo, faulty"):
        call(path, "dance")


def test_a_refusal_reaches_the_client_as_text(server, path):
    with pytest.raises(CannotRun, match="'x y' is no ROS name"):
        call(path, "refuse")


def test_a_fault_of_the_configuration_arrives_whole(server, path):
    with pytest.raises(ConfigError) as caught:
        call(path, "faulty")
    assert str(caught.value) == str(FAULT)
    assert vars(caught.value) == vars(FAULT)
    assert exchange(path, b'{"command": "faulty"}\n')["error"] == str(FAULT)


@pytest.mark.parametrize("parts", [b'{"line": "x"}', b"[]", b"null", b"5"])
def test_an_agent_of_another_version_may_tell_less_of_a_fault(path, parts):
    with socket.socket(socket.AF_UNIX) as stranger:
        path.parent.mkdir()
        stranger.bind(str(path))
        stranger.listen()

        def answer():
            client, _ = stranger.accept()
            with client:
                client.recv(1 << 16)
                client.sendall(b'{"ok": false, "error": "no", "config_error": ' + parts + b"}\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(CannotRun if parts[:1] != b"{" else ConfigError):
            call(path, "reload")
        thread.join(WAIT_S)


def test_a_crash_in_a_handler_is_logged_and_not_told(server, path, caplog):
    with pytest.raises(CannotRun, match="the agent failed on 'crash'; its log says why"):
        call(path, "crash")
    assert "secret detail" in caplog.text
    assert_serves(path)


@pytest.mark.parametrize(
    ("request_line", "problem"),
    [
        (b"\n", "not one JSON object"),
        (b"garbage\n", "not one JSON object"),
        (b"\xff\xfe\x00\n", "not one JSON object"),
        (b'{"command": "status"\n', "not one JSON object"),
        (b"[" * 60_000 + b"\n", "not one JSON object"),
        (b"[]\n", "the request is not"),
        (b'{"command": 5}\n', "the request is not"),
        (b'{"args": {}}\n', "the request is not"),
        (b'{"command": "status", "args": []}\n', "args is not an object"),
    ],
)
def test_garbage_is_answered_with_what_is_wrong(server, path, request_line, problem):
    reply = exchange(path, request_line)
    assert reply["ok"] is False
    assert problem in reply["error"]
    assert_serves(path)


def test_half_a_line_is_answered_when_the_client_stops_sending(server, path):
    with connect(path) as client:
        client.sendall(b'{"command": "sta')
        client.shutdown(socket.SHUT_WR)
        assert "ended before the end of the line" in json.loads(everything(client))["error"]
    assert_serves(path)


def test_half_a_line_holds_its_place_for_a_limited_time(impatient, path):
    with connect(path) as client:
        client.sendall(b'{"command": "sta')
        assert "no complete line within 0.5 s" in json.loads(everything(client))["error"]


def test_a_line_of_ten_megabytes_is_cut_off(server, path):
    with connect(path) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it hangs up at its limit
            client.sendall(b"x" * 10_000_000 + b"\n")
        reply = json.loads(everything(client))
    assert reply == {"ok": False, "error": f"a line longer than {MAX_REQUEST_BYTES} bytes"}
    assert_serves(path)


def test_the_longest_request_is_served(server, path):
    head = b'{"command": "status", "args": {"x": "'
    tail = b'"}}'
    line = head + b"x" * (MAX_REQUEST_BYTES - len(head) - len(tail)) + tail
    assert exchange(path, line + b"\n")["ok"] is True
    assert exchange(path, line + b" \n")["ok"] is False


def test_a_client_that_leaves_at_once_harms_nobody(server, path):
    for _ in range(50):
        connect(path).close()
    assert_serves(path)


def test_a_client_that_never_reads_is_dropped(impatient, path):
    with connect(path) as client:
        client.sendall(b'{"command": "big"}\n')
        # Every place is taken by such a client; once all are served again, they have been dropped.
        others = [connect(path) for _ in range(MAX_CLIENTS - 1)]
        for other in others:
            other.sendall(b'{"command": "big"}\n')
        assert_serves(path)
        for other in others:
            other.close()


def test_a_hundred_clients_at_once_are_all_served(server, path):
    start = threading.Barrier(100)

    def ask(number):
        start.wait(WAIT_S)
        return call(path, "echo", number=number)

    with ThreadPoolExecutor(100) as pool:
        assert list(pool.map(ask, range(100))) == [{"number": number} for number in range(100)]


def test_no_more_clients_are_served_at_once_than_allowed(path):
    running, most, mutex, go_on = 0, 0, threading.Lock(), threading.Event()
    full = threading.Event()

    def slow(_):
        nonlocal running, most
        with mutex:
            running += 1
            most = max(most, running)
            if running == MAX_CLIENTS:
                full.set()
        go_on.wait(WAIT_S)
        with mutex:
            running -= 1

    server = ControlServer(path, {"slow": slow}, exchange_s=WAIT_S)
    server.start()
    with ThreadPoolExecutor(3 * MAX_CLIENTS) as pool:
        answers = [pool.submit(call, path, "slow") for _ in range(3 * MAX_CLIENTS)]
        assert full.wait(WAIT_S)
        go_on.set()
        assert [answer.result(WAIT_S) for answer in answers] == [None] * 3 * MAX_CLIENTS
    server.close()
    assert most == MAX_CLIENTS


def control_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("control-")]


def test_close_ends_every_thread_and_removes_the_socket(path):
    server = ControlServer(path, HANDLERS, exchange_s=WAIT_S)
    server.start()
    idle = [connect(path) for _ in range(MAX_CLIENTS + 5)]
    assert "control-accept" in control_threads()
    server.close()
    assert control_threads() == []
    assert not path.exists()
    server.close()  # a second call does nothing
    for client in idle:
        client.close()


def test_a_server_that_never_started_closes():
    ControlServer("unused", HANDLERS).close()


def test_two_agents_of_one_domain_are_refused(server, path):
    with pytest.raises(CannotRun, match="another agent serves"):
        ControlServer(path, HANDLERS).start()
    assert_serves(path)


def test_after_the_first_agent_ends_the_next_one_starts(path):
    for _ in range(3):
        server = ControlServer(path, HANDLERS)
        server.start()
        assert_serves(path)
        server.close()


def test_nobody_answers(path):
    with pytest.raises(CannotRun, match=r"no agent answers at .*start one with `zenlink run`"):
        call(path, "status")


def test_a_dead_agent_is_nobody(path):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(CannotRun, match=r"no agent answers at .*Connection refused"):
        call(path, "status")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"[]\n", b"", b"{}\n"])
def test_something_else_behind_the_socket_is_told(path, answer):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as other, ThreadPoolExecutor(1) as pool:
        other.bind(str(path))
        other.listen()

        def serve():
            with other.accept()[0] as client:
                client.recv(1 << 16)
                client.sendall(answer)

        served = pool.submit(serve)
        with pytest.raises(CannotRun, match="--socket"):
            call(path, "status")
        served.result(WAIT_S)
