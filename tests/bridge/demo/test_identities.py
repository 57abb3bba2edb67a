"""What the agents of a demo show each other."""

from __future__ import annotations

import datetime as dt

from bridge.config_io import NO_FLAGS, check_files, load
from bridge.demo.identities import ADDRESS, make_identities
from bridge.security.configured import certificate_files
from bridge.security.examine import examine


def test_each_side_gets_a_configuration_of_mutual_tls_that_is_good(tmp_path):
    files = make_identities(tmp_path / "tls")
    assert files.keys() == {"robot", "station"}
    for file in files.values():
        loaded = load(file, NO_FLAGS, {})
        assert loaded.config.zenoh.tls.mutual
        assert check_files(loaded) == ()
        listener = loaded.config.zenoh.model_copy(update={"listen": (f"tls/{ADDRESS}:1",)})
        assert examine(certificate_files(listener), now=dt.datetime.now(dt.timezone.utc)) == ()


def test_the_key_of_the_authority_is_never_written(tmp_path):
    make_identities(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.key")) == ["robot.key", "station.key"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
