"""Certificates of one demo: an authority that is forgotten at once, a robot's and a station's."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from bridge.security.authority import Role, issue, make_authority
from bridge.security.files import write_new

ADDRESS = "127.0.0.1"
"""Where the agents of a demo meet."""
IDENTITIES = "tls"
"""Their folder, below the scratch folder of a demo."""
_DAYS = 30
"""More than a demo needs, for nobody wants to hear that they end soon; their keys go with the demo."""
_ROLES = {"robot": Role.ROBOT, "station": Role.STATION}


def make_identities(folder: Path) -> dict[str, Path]:
    """Configuration files of the agents, by side, that make them use mutual TLS.

    The key of the authority is never written, so nobody else can join.

    Args:
        folder: Where certificates, keys and configurations go; readable by its owner alone.

    Raises:
        CannotRun: They cannot be written.
    """
    now = dt.datetime.now(dt.timezone.utc)
    authority = make_authority("zenlink demo", now=now, days=_DAYS)
    contents, files = {folder / "ca.pem": authority.certificate_pem()}, {}
    for side, role in _ROLES.items():
        made = issue(authority, name=side, role=role, sans=(ADDRESS,), now=now, days=_DAYS)
        tls = {
            "ca": "ca.pem",
            "certificate": f"{side}.pem",
            "private_key": f"{side}.key",
            "mutual": True,
        }
        files[side] = folder / f"{side}.yaml"
        contents[folder / f"{side}.pem"] = made.certificate_pem()
        contents[folder / f"{side}.key"] = made.key_pem()
        contents[files[side]] = json.dumps({"zenoh": {"tls": tls}}).encode()  # JSON is YAML
    write_new(contents, force=False)
    return files
