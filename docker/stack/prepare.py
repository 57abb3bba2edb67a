"""The first container of the stack: looks at every variable, then makes the certificates that are missing.

    prepare.py               variables, then an authority and an identity each for router, bridge and probe
    prepare.py export NAME [ROLE]   an identity for a robot elsewhere, as a tar archive on standard output

What exists and is good is left alone; what ends within 14 days, or is for other names than are wanted now,
is made anew. Each identity has a volume of its own; the authority's key has one that nobody else mounts.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import settings

ROOT = Path(os.environ.get("ZENLINK_STACK_ROOT") or "/var/lib/zenlink")
AUTHORITY = ROOT / "authority"
TOKEN = "http.token"  # noqa: S105  # the name of a file
BAD_SETTINGS = 2


def zenlink(*arguments: str | Path, quiet: bool = False) -> bool:
    """Run our own command; whether it said yes."""
    output = subprocess.DEVNULL if quiet else sys.stderr
    command = [Path(sys.executable).with_name("zenlink"), *arguments]
    return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0


def issue(folder: Path, name: str, role: str, names: tuple[str, ...], days: str) -> None:
    """A certificate and its key into `folder`, with the authority's own certificate.

    Raises:
        SystemExit: It could not be made; the command has said why.
    """
    with tempfile.TemporaryDirectory(dir=AUTHORITY) as scratch:
        for part in ("ca.pem", "ca.key"):
            shutil.copy(AUTHORITY / part, scratch)
        sans = [word for san in names for word in ("--san", san)]
        what = ("--folder", scratch, "--role", role, "--name", name, "--days", days)
        if not zenlink("certs", "issue", *what, *sans):
            raise SystemExit(3)
        for part in (f"{name}.key", f"{name}.pem", "ca.pem"):
            _replace(Path(scratch) / part, folder / part)


def _replace(source: Path, target: Path) -> None:
    """Another volume, so not by renaming alone; never half a file under the final name."""
    beside = target.with_name(f".{target.name}.new")
    shutil.copy2(source, beside)
    beside.replace(target)


def ensure(volume: str, name: str, role: str, names: tuple[str, ...], days: str) -> None:
    """The identity of one service, made where it is missing or no longer good."""
    folder = ROOT / volume
    certificate = folder / f"{name}.pem"
    if certificate.exists():
        sans = [word for san in names for word in ("--san", san)]
        same = (folder / "ca.pem").read_bytes() == (AUTHORITY / "ca.pem").read_bytes()
        if same and zenlink("certs", "check", certificate, *sans, quiet=True):
            return
        print(f"prepare: {volume}: a new certificate; `make stack-up` restarts who listens with the old one")
    issue(folder, name, role, names, days)
    print(f"prepare: {volume}: certificate of {role} {name} for {', '.join(names) or 'connecting only'}")


def token() -> None:
    """One token for the pages of all agents: a copy beside each identity, one for Prometheus."""
    mine = ROOT / "router" / TOKEN
    if not mine.exists():
        _write(mine, f"{secrets.token_hex(24)}\n", 0o600)
        print("prepare: a token for the agents' pages and metrics")
    for volume, mode in (("bridge", 0o600), ("probe", 0o600), ("scrape", 0o644)):
        # Prometheus runs as another user; the volume is mounted by it alone.
        _write(ROOT / volume / TOKEN, mine.read_text(), mode)
    password = ROOT / "grafana" / "password"
    if not password.exists():
        _write(password, secrets.token_urlsafe(18), 0o644)


def _write(file: Path, text: str, mode: int) -> None:
    beside = file.with_name(f".{file.name}.new")
    beside.touch(mode=mode)
    beside.chmod(mode)
    beside.write_text(text)
    beside.replace(file)


def check_settings(env: Mapping[str, str]) -> None:
    """Name each variable that is wrong.

    Raises:
        SystemExit: At least one is.
    """
    wrong = list(settings.faults(env))
    for fault in wrong:
        print(f"prepare: {fault}", file=sys.stderr)
    if wrong:
        print(
            "prepare: change docker/.env and start again; docs/deployment.md explains each", file=sys.stderr
        )
        raise SystemExit(BAD_SETTINGS)


def ensure_authority() -> None:
    """The authority of this stack, made once.

    Raises:
        SystemExit: It could not be made.
    """
    if not (AUTHORITY / "ca.pem").exists() and not zenlink("certs", "ca", "--folder", AUTHORITY):
        raise SystemExit(3)


def export(name: str, role: str, days: str) -> None:
    """ca.pem, NAME.pem, NAME.key as a tar archive on standard output."""
    with tempfile.TemporaryDirectory() as scratch:
        names = (name,) if role in ("station", "router") else ()
        issue(Path(scratch), name, role, names, days)
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
            for part in ("ca.pem", f"{name}.pem", f"{name}.key"):
                archive.add(Path(scratch) / part, part)


def main(arguments: list[str]) -> int:
    """See the module's text."""
    env = {key: value for key, value in os.environ.items() if value}  # empty: not set, as Compose has it
    check_settings(env)
    value = {one.name: env.get(one.name, one.default) for one in settings.SETTINGS}
    ensure_authority()
    if arguments[:1] == ["export"] and len(arguments) > 1:
        export(arguments[1], arguments[2] if len(arguments) > 2 else "robot", value["CERT_DAYS"])
        return 0
    outside = tuple(name for name in value["ROUTER_NAMES"].split(",") if name)
    days = value["CERT_DAYS"]
    ensure("router", "router", "router", ("router", value["ROUTER_ADDRESS"], *outside), days)
    bridge, role = value["BRIDGE_NAME"], value["BRIDGE_ROLE"]
    ensure("bridge", bridge, role, (bridge,) if role == "station" else (), days)
    for part in ("pem", "key"):  # the configuration cannot know the name
        _replace(ROOT / "bridge" / f"{bridge}.{part}", ROOT / "bridge" / f"bridge.{part}")
    ensure("probe", "probe", "observer", (), days)
    token()
    print("prepare: settings, certificates and token are good")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
