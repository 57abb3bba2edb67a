"""A listener serves the certificate of its start, whatever its file holds by now."""

from __future__ import annotations

import datetime as dt

import pytest

from bridge.core.status import Severity
from bridge.security.served import Served
from bridge.security.tlsfiles import CertificateFiles
from tests.integration.support.certificates import DAYS, Certificates, now


@pytest.fixture
def made(tmp_path) -> Certificates:
    return Certificates(tmp_path)


def files(made: Certificates, *, listens: bool = True, verifies: bool = True) -> CertificateFiles:
    certificate, key = made.issue("station")
    return CertificateFiles(
        ca=made.ca, certificate=certificate, private_key=key, listens=listens, verifies=verifies
    )


def told(served: Served, *, days: float = 0) -> list[tuple[Severity, str]]:
    found = served.findings(now=now() + dt.timedelta(days=days))
    assert {finding.code for finding in found} <= {"certificate_not_served"}
    return [(finding.severity, finding.subject) for finding in found]


def test_what_was_not_replaced_is_served(made):
    found = files(made)
    served = Served(found)
    found.certificate.write_bytes(found.certificate.read_bytes() + b"\n")
    assert told(served) == []


def test_a_replaced_certificate_is_not_served_and_matters_once_the_old_one_has_ended(made):
    found = files(made)
    served = Served(found)
    made.issue("station", days=2 * DAYS)
    assert told(served) == [(Severity.WARNING, str(found.certificate))]
    assert told(served, days=DAYS + 1) == [(Severity.ERROR, str(found.certificate))]


def test_a_replaced_authority_is_not_asked_for(made, tmp_path):
    served = Served(files(made))
    made.ca.write_bytes(Certificates(tmp_path, "other").ca.read_bytes())
    assert told(served) == [(Severity.WARNING, str(made.ca))]


def test_a_file_that_cannot_be_read_is_another_finding(made):
    found = files(made)
    served = Served(found)
    found.certificate.write_bytes(b"")
    assert told(served) == []


def test_who_only_connects_reads_its_files_at_each_attempt(made, tmp_path):
    served = Served(files(made, listens=False, verifies=False))
    made.issue("station")
    made.ca.write_bytes(Certificates(tmp_path, "other").ca.read_bytes())
    assert told(served) == []
