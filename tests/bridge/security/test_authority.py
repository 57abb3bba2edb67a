"""What is issued: names, role, usages, life."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from cryptography import x509

from bridge.errors import UsageError
from bridge.security.authority import Role, issue, make_authority
from tests.integration.support.certificates import CLIENT, SERVER, now

NOW = now().replace(microsecond=0)


def issued(**options) -> x509.Certificate:
    authority = make_authority("ca", now=NOW, days=options.pop("ca_days", 10))
    values = {"name": "robot1", "role": Role.ROBOT, "sans": (), "now": NOW} | options
    one = issue(authority, **values).certificate
    one.verify_directly_issued_by(authority.certificate)
    return one


def extension(certificate: x509.Certificate, kind):
    return certificate.extensions.get_extension_for_class(kind).value


@pytest.mark.parametrize(
    ("role", "usages"),
    [
        (Role.ROBOT, [SERVER, CLIENT]),
        (Role.STATION, [SERVER, CLIENT]),
        (Role.ROUTER, [SERVER, CLIENT]),
        (Role.OBSERVER, [CLIENT]),
    ],
)
def test_who_also_connects_may_do_both_and_an_observer_only_connects(role, usages):
    assert list(extension(issued(role=role), x509.ExtendedKeyUsage)) == usages


def test_the_subject_names_owner_and_role():
    assert issued().subject.rfc4514_string() == "CN=robot1,OU=robot,O=zenlink"


def test_names_and_addresses_are_told_apart():
    names = extension(issued(sans=("r.example", "10.0.0.1", "::1", "*.example")), x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["r.example", "*.example"]
    addresses = [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("::1")]
    assert names.get_values_for_type(x509.IPAddress) == addresses


def test_without_other_names_the_owners_own_stands_there():
    assert extension(issued(), x509.SubjectAlternativeName).get_values_for_type(x509.DNSName) == ["robot1"]


def test_no_certificate_outlives_its_authority():
    assert issued(days=100, ca_days=10).not_valid_after_utc == NOW + dt.timedelta(days=10)
    assert issued(days=1).not_valid_after_utc == NOW + dt.timedelta(days=1)


@pytest.mark.parametrize("san", ["", "a b", "ümlaut", "a/b", ".", "a..b", "1.2.3.4/24"])
def test_what_is_no_host_is_refused(san):
    with pytest.raises(UsageError, match="neither a host name nor an address"):
        issued(sans=(san,))


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_what_is_no_common_name_is_refused(name):
    with pytest.raises(UsageError, match="no common name"):
        issued(name=name, sans=("h",))
