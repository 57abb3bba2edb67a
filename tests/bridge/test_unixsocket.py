"""The socket file: private, exclusive, and gone when it should be."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

import pytest

from bridge.errors import CannotRun
from bridge.unixsocket import default_socket, listen, socket_candidates


@pytest.fixture
def undo():
    with contextlib.ExitStack() as stack:
        yield stack


def refused(path, undo) -> str:
    with pytest.raises(CannotRun) as caught:
        listen(path, undo=undo)
    return str(caught.value)


def test_the_socket_is_for_its_user_alone(tmp_path, undo):
    path = tmp_path / "new" / "zenlink" / "0.sock"
    before = os.umask(0)
    try:
        listen(path, undo=undo)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_bind_itself_makes_it_private(tmp_path):
    """What `listen` stands on, so that no moment is left in which others could connect."""
    path = tmp_path / "s"
    before = os.umask(0)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            os.fchmod(listener.fileno(), 0o600)
            listener.bind(str(path))
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_undoing_removes_it_and_frees_the_place(tmp_path):
    path = tmp_path / "0.sock"
    for _ in range(2):
        with contextlib.ExitStack() as undo:
            listen(path, undo=undo)
            assert path.is_socket()
        assert not path.exists()


def test_a_live_agent_is_left_alone(tmp_path, undo):
    path = tmp_path / "0.sock"
    first = listen(path, undo=undo)
    assert "another agent serves" in refused(path, undo)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        first.accept()[0].close()


def test_a_live_server_without_our_lock_is_left_alone(tmp_path, undo):
    path = tmp_path / "0.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        assert "another agent serves" in refused(path, undo)
        assert path.is_socket()


def test_the_socket_of_a_dead_agent_is_replaced(tmp_path, undo):
    path = tmp_path / "0.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.is_socket()
    listen(path, undo=undo)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_file_that_is_no_socket_is_never_removed(tmp_path, undo):
    path = tmp_path / "0.sock"
    path.write_text("precious")
    assert "is no socket" in refused(path, undo)
    assert path.read_text() == "precious"


def test_a_link_to_a_file_is_never_followed(tmp_path, undo):
    (tmp_path / "target").write_text("precious")
    path = tmp_path / "0.sock"
    path.symlink_to(tmp_path / "target")
    assert "is no socket" in refused(path, undo)
    assert (tmp_path / "target").read_text() == "precious"


def test_a_failed_start_holds_nothing(tmp_path, undo):
    path = tmp_path / "0.sock"
    path.write_text("in the way")
    refused(path, undo)
    path.unlink()
    listen(path, undo=undo)


def test_what_replaced_our_socket_is_not_removed(tmp_path):
    path = tmp_path / "0.sock"
    with contextlib.ExitStack() as undo:
        listen(path, undo=undo)
        path.unlink()
        path.write_text("somebody else's")
    assert path.exists()


def test_a_folder_that_everybody_writes_is_refused(tmp_path, undo):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    assert "every user can replace files" in refused(folder / "0.sock", undo)
    folder.chmod(0o1777)
    listen(folder / "0.sock", undo=undo)


def test_a_path_longer_than_the_kernel_takes_is_told(tmp_path, undo):
    assert "longer than the 107 bytes" in refused(tmp_path / ("x" * 108), undo)


def test_a_folder_that_cannot_be_made_is_told(tmp_path, undo):
    (tmp_path / "file").write_text("")
    assert "cannot make the folder" in refused(tmp_path / "file" / "sub" / "0.sock", undo)


def test_a_client_looks_first_where_an_agent_of_the_same_login_is():
    env = {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert default_socket(3, env) == Path("/run/user/7/zenlink/3.sock")
    assert socket_candidates(3, env)[0] == default_socket(3, env)
    assert Path("/run/zenlink/3.sock") in socket_candidates(3, env)


def test_a_service_uses_the_folder_that_systemd_made():
    assert default_socket(0, {"RUNTIME_DIRECTORY": "/run/zenlink"}) == Path("/run/zenlink/0.sock")
    env = {"RUNTIME_DIRECTORY": "/run/a:/run/b", "XDG_RUNTIME_DIR": "/x"}
    assert default_socket(0, env) == Path("/run/a/0.sock")


def test_client_and_agent_agree_without_any_environment():
    assert default_socket(5, {}) == socket_candidates(5, {})[0]
