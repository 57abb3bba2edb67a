"""The file side of the control socket: where it lies, who may open it, and that one agent alone serves it.

`control` speaks over it; this module never reads or writes a byte of the conversation.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from bridge.errors import CannotRun

_BACKLOG = 128  # clients that wait in the kernel while others are served
_MAX_PATH_BYTES = 107  # Linux: sun_path has 108 bytes with the closing zero (man 7 unix)
_SERVICE_FOLDER = Path("/run/zenlink")


def default_socket(domain_id: int, env: Mapping[str, str]) -> Path:
    """Where an agent of this domain, started in this environment, puts its socket.

    systemd names its folder in RUNTIME_DIRECTORY, a login in XDG_RUNTIME_DIR; root uses /run/zenlink, and a
    user without any of them (a container) a folder of their own under /tmp.
    """
    if folder := env.get("RUNTIME_DIRECTORY", "").split(":")[0]:
        return Path(folder) / f"{domain_id}.sock"
    return socket_candidates(domain_id, env)[0]


def socket_candidates(domain_id: int, env: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a client looks for the agent of a domain, nearest first."""
    name = f"{domain_id}.sock"
    service, own = _SERVICE_FOLDER / name, Path(f"/tmp/zenlink-{os.geteuid()}") / name  # noqa: S108  # checked to be ours
    if folder := env.get("XDG_RUNTIME_DIR", ""):
        return (Path(folder) / "zenlink" / name, service, own)
    return (service, own) if os.geteuid() == 0 else (own, service)


def listen(path: Path, *, undo: contextlib.ExitStack) -> socket.socket:
    """A socket that listens at `path`, mode 0600 from the moment it exists.

    A folder that is missing is made for this user alone; a socket that a dead agent left is replaced.

    Args:
        path: Where.
        undo: Gets what closes the socket and removes the file again.

    Raises:
        CannotRun: Another agent serves this path, or the place cannot be used.
    """
    with contextlib.ExitStack() as steps:
        _make_folder(path.parent)
        _lock(path, steps)
        listener = _bound(path, steps)
        undo.push(steps.pop_all())
    return listener


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        remedy = "choose another place with --socket"
        raise CannotRun(f"cannot make the folder {folder}: {error.strerror}", remedy=remedy) from error
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        remedy = f"run `chmod o-w {folder}`, or choose another place with --socket"
        raise CannotRun(f"every user can replace files in {folder}", remedy=remedy)
    if folder.name == f"zenlink-{os.geteuid()}" and (folder.is_symlink() or found.st_uid != os.geteuid()):
        raise CannotRun(f"{folder} belongs to another user", remedy="choose another place with --socket")


def _lock(path: Path, undo: contextlib.ExitStack) -> None:
    """Holds `path`.lock until undone: of two agents that start at once one wins; a death frees it."""
    lock_path = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        remedy = "choose another place with --socket"
        raise CannotRun(f"cannot write {lock_path}: {error.strerror}", remedy=remedy) from error
    undo.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise _taken(path) from error


def _bound(path: Path, undo: contextlib.ExitStack) -> socket.socket:
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        remedy = "choose a shorter one with --socket"
        raise CannotRun(
            f"{path} is longer than the {_MAX_PATH_BYTES} bytes of a Unix socket's path", remedy=remedy
        )
    _remove_stale(path)
    listener = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    try:
        # Linux gives the file the mode that the socket has at bind (net/unix/af_unix.c, unix_bind_bsd), so
        # there is no moment at which others could connect; a umask would be shared with every other thread.
        os.fchmod(listener.fileno(), 0o600)
        listener.bind(os.fspath(path))
        path.chmod(0o600)  # systems other than Linux
        listener.listen(_BACKLOG)
    except OSError as error:
        remedy = "choose another place with --socket"
        raise CannotRun(f"cannot listen on {path}: {error.strerror}", remedy=remedy) from error
    undo.callback(_unlink_ours, path, path.stat().st_ino)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise CannotRun(
            f"{path} is there and is no socket", remedy="remove it, or choose another place with --socket"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise _taken(path) from error
    raise _taken(path)


def _taken(path: Path) -> CannotRun:
    remedy = "stop it, or choose another domain or --socket"
    return CannotRun(f"another agent serves {path}", remedy=remedy)


def _unlink_ours(path: Path, inode: int) -> None:
    """Removes the socket unless somebody has replaced it."""
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_ino == inode:
            path.unlink()
