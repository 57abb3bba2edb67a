"""Which certificate files a configuration names, and what for."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from bridge.config import ZenohConfig
from bridge.core.endpoint import Endpoint, parse_endpoint
from bridge.security.tlsfiles import CertificateFiles


def certificate_files(zenoh: ZenohConfig) -> CertificateFiles:
    """The files of `zenoh.tls` with the use that listeners and connections make of them."""
    tls = zenoh.tls
    listeners = [one for one in map(parse_endpoint, zenoh.listen) if one.encrypted]
    links = [one for one in map(parse_endpoint, zenoh.connect) if one.encrypted]
    return CertificateFiles(
        ca=_path(tls.ca),
        certificate=_path(tls.certificate),
        private_key=_path(tls.private_key),
        listens=bool(listeners),
        connects=bool(links) and tls.mutual,
        verifies=bool(listeners) and tls.mutual,
        names=tuple(one.host for one in listeners if _specific(one)),
    )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _specific(listener: Endpoint) -> bool:
    """Whether the host says by what others connect; 0.0.0.0 and [::] do not."""
    try:
        return not ipaddress.ip_address(listener.host).is_unspecified
    except ValueError:
        return True
