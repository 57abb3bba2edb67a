"""Each fault of certificate files is a finding of its own; right files have none."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from bridge.security.authority import Role
from bridge.security.examine import examine, not_after, role_of
from bridge.security.tlsfiles import CertificateFiles
from tests.integration.support.certificates import CLIENT, DAYS, SERVER, Certificates, now


@pytest.fixture
def made(tmp_path) -> Certificates:
    return Certificates(tmp_path)


def files(made: Certificates, **options) -> CertificateFiles:
    certificate, key = made.issue("router", **options)
    return CertificateFiles(
        ca=made.ca,
        certificate=certificate,
        private_key=key,
        listens=True,
        connects=True,
        names=("127.0.0.1",),
    )


def codes(found: CertificateFiles, *, days: float = 0) -> list[str]:
    findings = examine(found, now=now() + dt.timedelta(days=days))
    assert all(finding.remedy and finding.subject for finding in findings)
    assert all("\n" not in str(finding) for finding in findings)
    return sorted(finding.code for finding in findings)


def test_right_files_have_no_finding(made):
    assert codes(files(made)) == []


def test_the_end_is_told_fourteen_days_before(made):
    found = files(made, days=20)
    assert codes(found, days=5) == []
    assert codes(found, days=7) == ["certificate_expires_soon"]
    assert codes(replace(found, ca=None), days=21) == ["certificate_expired"]


def test_the_end_of_the_authority_is_told_too(made):
    found = replace(files(made), certificate=None, private_key=None)
    assert codes(found, days=DAYS - 1) == ["certificate_expires_soon"]
    assert codes(found, days=DAYS + 1) == ["certificate_expired"]


def test_a_clock_that_is_behind_is_told(made):
    assert codes(replace(files(made), ca=None), days=-1) == ["certificate_not_yet_valid"]


def test_the_key_of_another_certificate(made):
    _, other = made.issue("other")
    assert codes(replace(files(made), private_key=other)) == ["key_mismatch"]


@pytest.mark.parametrize(("mode", "found"), [(0o640, []), (0o604, ["key_open"]), (0o602, ["key_open"])])
def test_a_key_open_to_every_user(made, mode, found):
    good = files(made)
    good.private_key.chmod(mode)
    assert codes(good) == found


def test_another_authority(made, tmp_path):
    other = Certificates(tmp_path, "other")
    assert codes(replace(files(made), ca=other.ca)) == ["certificate_wrong_ca"]


def test_a_chain_in_the_file_leads_to_the_authority(made):
    good = files(made)
    good.certificate.write_bytes(good.certificate.read_bytes() + made.ca.read_bytes())
    assert codes(good) == []


def test_no_authority_at_all(made):
    good = files(made)
    assert codes(replace(good, ca=good.certificate)) == ["certificate_no_authority", "certificate_wrong_ca"]


def test_usages_are_those_of_what_it_is_shown_for(made):
    client = files(made, usages=[CLIENT])
    assert codes(client) == ["certificate_wrong_usage"]
    assert codes(replace(client, listens=False)) == []
    server = files(made, usages=[SERVER])
    assert codes(server) == ["certificate_wrong_usage"]
    assert codes(replace(server, connects=False)) == []


@pytest.mark.parametrize(
    ("sans", "name", "matches"),
    [
        (["r.example"], "R.example", True),
        (["r.example"], "example", False),
        (["*.example"], "r.example", True),
        (["*.example"], "a.r.example", False),
        (["10.0.0.1"], "10.0.0.1", True),
        (["10.0.0.1"], "10.0.0.2", False),
        (["::1"], "::1", True),
    ],
)
def test_names(made, sans, name, matches):
    found = replace(files(made, sans=sans), names=(name,))
    assert codes(found) == ([] if matches else ["certificate_name_mismatch"])


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"]
)
def test_what_is_no_certificate(made, content):
    good = files(made)
    good.certificate.write_bytes(content)
    assert codes(good) == ["certificate_unreadable"]
    assert not_after(good.certificate) is None
    assert role_of(good.certificate) is None


def test_what_is_no_key(made):
    good = files(made)
    good.private_key.write_bytes(b"no key")
    assert codes(good) == ["certificate_unreadable"]


def test_missing_files(made, tmp_path):
    missing = tmp_path / "none"
    found = CertificateFiles(ca=missing, certificate=missing, private_key=missing)
    assert codes(found) == ["certificate_unreadable"] * 3


def test_the_role_is_read_back(made):
    certificate, _ = made.issue("eye", role=Role.OBSERVER)
    assert role_of(certificate) is Role.OBSERVER
    assert not_after(certificate) > now()
