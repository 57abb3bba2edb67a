"""The keys of Zenoh itself in a configuration of zenoh-bridge-ros2dds, in our words.

Pure. What has a key of ours goes there, the rest to `zenoh.extra`. Source: wire specification 7.4; zenoh,
DEFAULT_CONFIG.json5; older names of the TLS keys: the same file of zenoh 0.11.
"""

from __future__ import annotations

import copy
from pathlib import Path as FilePath

from bridge.config_draft import Draft
from bridge.config_faults import Path, shown

MODES = ("router", "peer", "client")

_FORCED: tuple[tuple[str, ...], ...] = (
    ("timestamping", "enabled"),
    ("adminspace", "enabled"),
    ("plugins_loading", "enabled"),
)
"""True there whatever the file says (wire specification 7.4), and of no use to us, or as we have it."""
_TLS = ("transport", "link", "tls")
_OLD_TLS_KEYS = {
    "server_certificate": "listen_certificate",
    "server_private_key": "listen_private_key",
    "client_certificate": "connect_certificate",
    "client_private_key": "connect_private_key",
    "client_auth": "enable_mtls",
    "server_name_verification": "verify_name_on_connect",
}
_TLS_FILES = (
    "root_ca_certificate",
    "listen_certificate",
    "listen_private_key",
    "connect_certificate",
    "connect_private_key",
)


class _Rest:
    """The keys not yet taken over."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.data = {
            key: copy.deepcopy(value) for key, value in draft.source.data.items() if key != "plugins"
        }

    def take(self, *path: str) -> object:
        """Removes a value and gives it; ``None`` where there is none."""
        section: object = self.data
        for name in path[:-1]:
            section = section.get(name) if isinstance(section, dict) else None
        return section.pop(path[-1], None) if isinstance(section, dict) else None

    def move(self, *path: str, to: tuple[str, ...]) -> object:
        """Removes a value and puts it where it belongs; gives it."""
        value = self.take(*path)
        if value is not None:
            self._draft.put(to, value, path)
        return value


def import_zenoh(draft: Draft, *, mode: str | None, folder: FilePath) -> None:
    """Takes over everything but `plugins`.

    Args:
        draft: Where it goes to.
        mode: The mode that the command line gives, for keys that differ by mode.
        folder: What relative paths of files start at.

    Raises:
        ConfigError: An endpoint list is none.
    """
    rest = _Rest(draft)
    own_mode = rest.move("mode", to=("zenoh", "mode"))
    effective = mode or (own_mode if isinstance(own_mode, str) else None) or "router"
    rest.move("id", to=("zenoh", "id"))
    for side in ("listen", "connect"):
        _endpoints(draft, rest, side, effective)
    tls = _Tls(draft, rest.take(*_TLS), folder=folder)
    rest.move("transport", "shared_memory", "enabled", to=("zenoh", "shared_memory"))
    if rest.take("queries_default_timeout") is not None:
        reason = "no equal: queries of the bridge last queries_timeout.default, here zenoh.queries_timeout_s"
        draft.note(("queries_default_timeout",), reason)
    for forced in _FORCED:
        rest.take(*forced)
    for key in ("plugins_loading", "plugins_search_dirs"):
        if _pruned(rest.take(key)) is not None:
            draft.note((key,), "no equal: Zenoh inside Python loads no plugins")
    for key, value in rest.data.items():
        pruned = _pruned(value)
        if pruned is not None:
            draft.put(("zenoh", "extra", key), pruned, (key,))
    tls.put()
    _what_upstream_does_unasked(draft, effective)


def _endpoints(draft: Draft, rest: _Rest, side: str, mode: str) -> None:
    """``{endpoints: [...]}``, or a list for each mode: ``{endpoints: {router: [...], peer: [...]}}``."""
    draft.section((side,), draft.source.data.get(side))
    origin: Path = (side, "endpoints")
    value = rest.take(side, "endpoints")
    if isinstance(value, dict):
        draft.check_keys(origin, value, MODES)
        origin, value = (*origin, mode), value.get(mode, [])
    elif value == []:
        return  # as good as absent: the default of the mode
    if value is None:
        return
    if not isinstance(value, list):
        problem = f"expected a list, found {shown(value)}"
        raise draft.error(origin, problem, remedy=f'write {side}: {{endpoints: ["tls/router.example:7447"]}}')
    draft.put(("zenoh", side), value, origin)


class _Tls:
    """Certificates: one pair for both roles, as we have it, unless the file names two."""

    def __init__(self, draft: Draft, section: object, *, folder: FilePath) -> None:
        self._draft = draft
        self._origins: dict[str, Path] = {}
        self._values: dict[str, object] = {}
        for key, value in draft.section(_TLS, section).items():
            name = _OLD_TLS_KEYS.get(key, key)
            if value is not None and name not in self._values:
                self._values[name], self._origins[name] = value, (*_TLS, key)
        for name in _TLS_FILES:
            file = self._values.get(name)
            if isinstance(file, str) and not FilePath(file).is_absolute():
                self._values[name] = str(folder / file)
                reason = f"taken as {folder / file}: there, paths start where the bridge is started"
                draft.note(self._origins[name], reason)

    def put(self) -> None:
        """To our keys what they can say, the rest to the raw options."""
        mutual = self._values.get("enable_mtls") is True
        role = next((role for role in ("listen", "connect") if self._pair(role)), None)
        # Mutual with inline certificates, say, stays in Zenoh's words as a whole.
        if not mutual or (role is not None and "root_ca_certificate" in self._values):
            self._put_own(role, mutual=mutual)
        for name, value in self._values.items():
            self._draft.put(("zenoh", "extra", *_TLS, name), value, self._origins[name])

    def _put_own(self, role: str | None, *, mutual: bool) -> None:
        self._move("root_ca_certificate", "ca")
        self._move("enable_mtls", "mutual")
        if role is None or (role == "connect" and not mutual):
            return  # a certificate that is shown to nobody
        if mutual and role == "listen" and self._pair("connect") == self._pair("listen"):
            del self._values["connect_certificate"], self._values["connect_private_key"]
        self._move(f"{role}_certificate", "certificate")
        self._move(f"{role}_private_key", "private_key")

    def _pair(self, role: str) -> tuple[object, ...] | None:
        names = (f"{role}_certificate", f"{role}_private_key")
        return tuple(self._values[name] for name in names) if self._values.keys() >= set(names) else None

    def _move(self, name: str, to: str) -> None:
        if name in self._values:
            self._draft.put(("zenoh", "tls", to), self._values.pop(name), self._origins[name])


def _what_upstream_does_unasked(draft: Draft, mode: str) -> None:
    """Where its defaults open more than ours."""
    zenoh = draft.section(("zenoh",), draft.data.get("zenoh"))
    listens, connects = zenoh.get("listen"), zenoh.get("connect")
    if mode != "client" and listens is None:
        there = "on tcp/[::]:7447" if mode == "router" else "on a free port"
        here = "nowhere" if mode == "peer" or connects else "on loopback"
        reason = f"not set: there it listens {there}, here {here}; if others dial in, set zenoh.listen"
        draft.note(("listen",), reason)
    scouting = draft.section(("scouting",), draft.source.data.get("scouting"))
    multicast = draft.section(("scouting", "multicast"), scouting.get("multicast"))
    if multicast.get("enabled") is not None:
        return
    path: Path = ("scouting", "multicast", "enabled")
    if connects or mode == "router" or (mode == "peer" and listens):
        reason = "not set: there it means true, here false; if others are found so, set it in zenoh.extra"
    else:
        draft.put(("zenoh", "extra", "scouting", "multicast", "enabled"), True, path)
        reason = "turned on, as it is there: with no endpoint to connect to, nobody else would be found"
    draft.note(path, reason)


def _pruned(value: object) -> object:
    """`value` without null and what is empty: Zenoh's default either way."""
    if isinstance(value, dict):
        kept = {key: inner for key, item in value.items() if (inner := _pruned(item)) is not None}
        return kept or None
    return value
