"""`zenlink certs`: a development authority, certificates of the fleet, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.output import one_line, print_json
from bridge.core.jsonform import Json, to_json
from bridge.errors import CannotRun, ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.security.authority import Identity
    from bridge.security.tlsfiles import CertificateFiles

app = typer.Typer(help="Make and check certificates.", rich_markup_mode=None, no_args_is_help=False)

_NO = 1
_ROLES = ("robot", "station", "router", "observer")

Folder = Annotated[Path, typer.Option(metavar="DIR", help="Where the files are, or go to.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
_HERE = Path("certs")


@app.command()
def ca(
    folder: Folder = _HERE,
    name: Annotated[str, typer.Option(metavar="NAME", help="Its common name.")] = "zenlink development CA",
    days: Annotated[float, typer.Option(metavar="N", min=1, max=36500, help="Until it expires.")] = 3650,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make an authority (ECDSA P-256): DIR/ca.pem for everybody, DIR/ca.key for nobody else.

    For development and small fleets; whoever reads ca.key can be any robot.
    """
    from bridge.security.authority import make_authority

    _write(folder / "ca", _made(lambda: make_authority(name, now=_now(), days=days)), force, as_json)


@app.command()
def issue(
    role: Annotated[
        str,
        typer.Option(metavar="ROLE", help=f"{', '.join(_ROLES[:-1])} or {_ROLES[-1]}.", show_default=False),
    ],
    name: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Common name: what access control knows it by.", show_default=False
        ),
    ],
    san: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="Name or address that others connect to; repeatable. Station and router need one.",
        ),
    ] = None,
    folder: Folder = _HERE,
    days: Annotated[float, typer.Option(metavar="N", min=0.001, max=3650, help="Until it expires.")] = 90,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Issue a certificate with the authority in DIR: DIR/NAME.pem and DIR/NAME.key.

    The role says what it may be used for (an observer only connects) and stands in its subject.
    """
    from bridge.security.authority import Role, issue
    from bridge.security.files import read_authority

    if role not in _ROLES:
        raise ConfigError(f"--role {role}: no such role", remedy=f"give one of {', '.join(_ROLES)}")
    if Role(role).listens and not san:
        problem = f"--role {role} without --san: nobody could check whom they connect to"
        raise ConfigError(problem, remedy="add --san HOST for each name or address that others connect to")
    if name in ("ca", ".", "..") or "/" in name or "\0" in name:
        raise ConfigError(f"--name {name!r} is no name for files", remedy="give another, e.g. robot1")
    authority = read_authority(folder / "ca.pem", folder / "ca.key")
    made = _made(
        lambda: issue(authority, name=name, role=Role(role), sans=tuple(san or ()), now=_now(), days=days)
    )
    _write(folder / name, made, force, as_json)


@app.command()
def check(
    certificate: Annotated[
        Path | None, typer.Argument(metavar="[CERTIFICATE]", help="PEM file.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="Check what this configuration names."),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Authority. Default: ca.pem beside CERTIFICATE."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Private key. Default: as CERTIFICATE, with .key."),
    ] = None,
    san: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A name it must be valid for; repeatable.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong: chain, names, key usage, expiry, permissions, key; exit 1 if anything is.

    What expires within 14 days counts. Key usage is checked for what the configuration does with it or,
    without one, for the role in the subject of the certificate.
    """
    from bridge.security.examine import examine

    if (certificate is None) == (config is None):
        raise ConfigError("nothing to check, or two things", remedy="give CERTIFICATE, or -c FILE")
    files = _configured(config) if config is not None else _named(certificate, ca, key, tuple(san or ()))
    findings = examine(files, now=_now())
    if as_json:
        print_json(
            {
                "certificate": _text(files.certificate),
                "ca": _text(files.ca),
                "key": _text(files.private_key),
                "good": not findings,
                "findings": [to_json(finding) for finding in findings],
            }
        )
    else:
        for finding in findings:
            print(one_line(str(finding)))
        if not findings:
            print(f"{files.certificate or files.ca}: good{_until(files)}")
    if findings:
        raise typer.Exit(_NO)


def _named(
    certificate: Path | None, ca: Path | None, key: Path | None, names: tuple[str, ...]
) -> CertificateFiles:
    from bridge.security.examine import role_of
    from bridge.security.tlsfiles import CertificateFiles

    if certificate is None:  # the caller has seen to it
        return CertificateFiles()
    beside = certificate.with_name("ca.pem")
    own_key = certificate.with_suffix(".key")
    if certificate == beside:  # the authority itself
        return CertificateFiles(ca=certificate, private_key=key or (own_key if own_key.exists() else None))
    role = role_of(certificate)
    return CertificateFiles(
        ca=ca or (beside if beside.exists() else None),
        certificate=certificate,
        private_key=key or (own_key if own_key.exists() else None),
        listens=bool(names) or role is None or role.listens,
        connects=True,
        names=names,
    )


def _configured(file: Path) -> CertificateFiles:
    from bridge import config_io
    from bridge.security.configured import certificate_files

    files = certificate_files(config_io.load(file, config_io.FlagOverrides(insecure=True), {}).config.zenoh)
    if files.ca is None and files.certificate is None:
        raise CannotRun(f"{file} names no certificates", remedy="set zenoh.tls, or give a CERTIFICATE")
    return files


def _until(files: CertificateFiles) -> str:
    from bridge.security.examine import not_after

    path = files.certificate or files.ca
    end = not_after(path) if path is not None else None
    return f" until {end:%Y-%m-%d %H:%M} UTC" if end else ""


def _write(stem: Path, made: Identity, force: bool, as_json: bool) -> None:
    from bridge.security.files import write_new

    paths = (stem.with_name(f"{stem.name}.pem"), stem.with_name(f"{stem.name}.key"))
    write_new({paths[1]: made.key_pem(), paths[0]: made.certificate_pem()}, force=force)
    end = made.certificate.not_valid_after_utc
    if as_json:
        subject = made.certificate.subject.rfc4514_string()
        found: dict[str, Json] = {
            "certificate": str(paths[0]),
            "key": str(paths[1]),
            "subject": subject,
            "not_after": end.isoformat(),
        }
        print_json(found)
    else:
        print(f"{paths[0]} and {paths[1]}, valid until {end:%Y-%m-%d %H:%M} UTC")


def _made(make: Callable[[], Identity]) -> Identity:
    try:
        return make()
    except UsageError as error:
        raise ConfigError(str(error), remedy="correct it") from error


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
