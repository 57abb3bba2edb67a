"""The parts of a support bundle: what the agent tells, what the doctor sees, what the host is."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli import views
from bridge.cli.inspect import ask
from bridge.core.jsonform import Json, to_json
from bridge.errors import BridgeError, CannotRun, ConfigError

if TYPE_CHECKING:
    from bridge.cli.support_archive import Bundle
    from bridge.config_io import LoadedConfig

_LOG = "log.txt"
_CONFIGURATION = "configuration.json"
_FROM_AGENT = {
    _CONFIGURATION: "configuration",
    "status.json": "status",
    "findings.json": "findings",
    "routes.json": "routes",
    "nodes.json": "nodes",
    "metrics.txt": "metrics",
    _LOG: "log",
    "process.json": "process",
    "environment.json": "environment",
}
"""File to its part of the agent's answer."""
_NO_LOG = "; its log may be elsewhere: `journalctl -u UNIT`, `docker logs NAME`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose bundle it is."""

    loaded: LoadedConfig | None
    """By this command line; None: faulty."""
    secrets: tuple[str, ...]
    """Those that the configuration of this command line holds; an agent hides its own itself."""
    domain: int
    socket: Path | None
    """None: by the domain."""


def asked(bundle: Bundle, config: Path | None, domain: int | None, socket: Path | None) -> Asked:
    """What the command line asks for; a configuration that is faulty is told, and no reason to give up."""
    from bridge.config_io import FlagOverrides, load
    from bridge.support import secrets_of

    flags = FlagOverrides(domain_id=domain, socket=None if socket is None else str(socket), insecure=True)
    try:
        loaded = load(config, flags)
    except ConfigError as error:
        secrets = _secrets_of_faulty(config)
        # What cannot be read cannot be searched for secrets either, so its text stays away.
        where = f"{error.file}:{error.line} is faulty; `zenlink config check` says why"
        bundle.lack(_CONFIGURATION, reason=where if secrets is None else str(error))
        number = os.environ.get("ROS_DOMAIN_ID", "") if domain is None else str(domain)
        return Asked(
            loaded=None,
            secrets=secrets or (),
            domain=int(number) if number.isdigit() else 0,
            socket=socket,
        )
    named = socket is not None or loaded.config.control.socket is not None
    return Asked(
        loaded=loaded,
        secrets=secrets_of(loaded.config),
        domain=loaded.config.ros.domain_id,
        socket=loaded.socket if named else None,
    )


def collect(bundle: Bundle, wanted: Asked) -> None:
    """Fill the bundle. Blocks for some seconds: the doctor does."""
    told = _from_agent(bundle, wanted)
    if _CONFIGURATION not in told and wanted.loaded is not None:
        from bridge.support import configuration

        loaded = wanted.loaded
        bundle.add(_CONFIGURATION, lambda: configuration(loaded))
    bundle.add("versions.json", _versions)
    bundle.add("host.json", _host)
    bundle.add("kernel.json", lambda: _kernel(wanted))
    bundle.add("doctor.json", lambda: _doctor(wanted, told))


def _from_agent(bundle: Bundle, wanted: Asked) -> dict[str, Json]:
    """Every part that a running agent gives; what it gave, by file."""
    told: Json = {}
    try:
        told = ask("support", domain=wanted.domain, socket=wanted.socket)
        reason = "the agent, of another version, does not tell it"
    except BridgeError as error:
        reason = str(error)
    if not isinstance(told, dict):
        told = {}
    reason = str(told.get("trouble", reason))
    given = {part: told[key] for part, key in _FROM_AGENT.items() if key in told}
    if isinstance(lines := given.get(_LOG), list):
        given[_LOG] = "".join(f"{line}\n" for line in lines)
    for part, found in given.items():
        bundle.give(part, found)
    # Of the configuration there is another source.
    if lacking := [part for part in _FROM_AGENT if part not in given and part != _CONFIGURATION]:
        bundle.lack(*lacking, reason=reason + (_NO_LOG if _LOG in lacking else ""))
    return given


def _secrets_of_faulty(config: Path | None) -> tuple[str, ...] | None:
    """Those of a file that can be read, but not be used; None: it cannot be read."""
    from bridge.config_file import read_file
    from bridge.support import secrets_of_data

    try:
        data = read_file(config).data
    except ConfigError:
        return None
    plain: Json = json.loads(json.dumps(data, default=str))
    return secrets_of_data(plain, folder=Path() if config is None else config.parent)


def _versions() -> Json:
    from importlib.metadata import distributions

    packages: dict[str, Json] = {one.name: one.version for one in distributions()}
    return {**views.versions(), "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower()))}


def _host() -> Json:
    import psutil

    from bridge.doctor import host
    from bridge.support import environment
    from netopt.kernel.host import container_kind

    interfaces: list[Json] = [to_json(one) for one in host.interfaces(try_multicast=False)]
    load: list[Json] = list(os.getloadavg())
    return {
        "system": " ".join(platform.uname()),
        "libc": " ".join(platform.libc_ver()),
        "cpus": os.cpu_count(),
        "usable_cpus": len(os.sched_getaffinity(0)),
        "load": load,
        "memory_bytes": psutil.virtual_memory().total,
        "memory_available_bytes": psutil.virtual_memory().available,
        "booted_unix_s": psutil.boot_time(),
        "clock_synchronised": host.clock_synchronised(),
        "container": to_json(host.container(container_kind())),
        "interfaces": interfaces,
        "environment": environment(os.environ),
    }


def _kernel(wanted: Asked) -> Json:
    from bridge.cli.tune_json import plan_json
    from netopt.core.plan import make_plan, observed_targets
    from netopt.core.profile import demand_of, profile_named
    from netopt.kernel.host import KernelHost

    seen = KernelHost().observe(observed_targets())
    profile = profile_named("robot" if wanted.loaded is None else wanted.loaded.config.tune.profile)
    return plan_json(make_plan(seen, profile, demand_of(profile, memory_bytes=seen.memory_bytes)))


def _doctor(wanted: Asked, told: dict[str, Json]) -> Json:
    """What the doctor says of the agent's configuration, or else of that of the command line."""
    from bridge.cli.doctor import examined

    loaded = _configuration_of_agent(wanted, told) or wanted.loaded
    if loaded is None:
        raise CannotRun("the configuration is faulty", remedy="correct it, then run `zenlink doctor`")
    checks: list[Json] = [to_json(check) for check in examined(loaded)]
    return {"configuration": "command line" if loaded is wanted.loaded else "agent", "checks": checks}


def _configuration_of_agent(wanted: Asked, told: dict[str, Json]) -> LoadedConfig | None:
    """What a running agent told, secrets hidden; None: there is none, or it is of another version."""
    from pydantic import ValidationError

    from bridge.config import Config
    from bridge.config_io import LoadedConfig

    own = told.get(_CONFIGURATION)
    if not isinstance(own, dict):
        return None
    try:
        config = Config.model_validate(own.get("config"))
    except ValidationError:
        return None
    socket = Path(str(own.get("socket")))
    if wanted.loaded is not None:
        return replace(wanted.loaded, config=config, socket=socket)
    return LoadedConfig(config=config, origins={}, file=None, insecure=True, socket=socket)
