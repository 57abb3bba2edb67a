"""Keys and certificates on disk: written for their owner alone, and never over others."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bridge.errors import CannotRun
from bridge.security.authority import Identity

FILE_MODE = 0o600
FOLDER_MODE = 0o700
MAX_FILE_BYTES = 1 << 20
"""1 MiB: a hundred certificates; keeps a wrong path (a disk, a log) from being read whole."""


def write_new(contents: Mapping[Path, bytes], *, force: bool) -> None:
    """Writes files that belong together; each is whole or absent.

    Args:
        contents: Path to bytes. A missing folder is made, for its owner alone.
        force: Replace files that exist.

    Raises:
        CannotRun: One exists and nothing was written, or a file cannot be written.
    """
    for path in contents:
        if not force and path.exists():
            raise CannotRun(f"{path} exists", remedy="name another folder, or replace it with --force")
    for path, content in contents.items():
        try:
            _make_folder(path.parent)
            _write(path, content, force=force)
        except FileExistsError as error:
            raise CannotRun(
                f"{path} exists", remedy="name another folder, or replace it with --force"
            ) from error
        except OSError as error:
            remedy = "name a folder that you may write to, and that has room"
            raise CannotRun(f"{path} cannot be written: {error.strerror}", remedy=remedy) from error


def _make_folder(folder: Path) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _write(path: Path, content: bytes, *, force: bool) -> None:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if force:
            aside.replace(path)
        else:
            os.link(aside, path)  # unlike a rename, it fails where somebody was faster
    finally:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()


def read_pem(path: Path) -> bytes:
    """The content of a small file.

    Raises:
        CannotRun: It cannot be read, or is no such thing.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}", remedy="check the path and who may read it") from error
    if len(content) > MAX_FILE_BYTES:
        raise CannotRun(f"{path} is larger than {MAX_FILE_BYTES} bytes", remedy="name a PEM file")
    return content


def read_authority(certificate: Path, key: Path) -> Identity:
    """An authority of ours, to sign with.

    Raises:
        CannotRun: A file is missing, is no PEM, or the two do not belong together.
    """
    remedy = "make one with `zenlink certs ca`, or name its folder"
    try:
        found = x509.load_pem_x509_certificate(read_pem(certificate))
        secret = serialization.load_pem_private_key(read_pem(key), None)
    except (ValueError, TypeError) as error:
        raise CannotRun(
            f"{certificate} and {key} are no authority: not a PEM certificate and an unencrypted PEM key",
            remedy=remedy,
        ) from error
    if not isinstance(secret, ec.EllipticCurvePrivateKey) or secret.public_key() != found.public_key():
        raise CannotRun(f"{key} is not the elliptic curve key of {certificate}", remedy=remedy)
    return Identity(certificate=found, key=secret)
