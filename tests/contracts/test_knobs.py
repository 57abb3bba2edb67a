"""What apply and rollback rely on, of the host in memory and of the real thing on a copied tree."""

from __future__ import annotations

import pytest

from netopt.core.observed import Access
from netopt.core.settings import Kind, Target, sysctl, words_of
from netopt.kernel.knobs import KernelKnobs
from netopt.tuneports import Knobs
from tests.fakes.kernel import FakeKnobs

TCP = sysctl("net.ipv4.tcp_rmem")
TIME = sysctl("net.ipv4.ipfrag_time")


@pytest.fixture(params=["fake", "real"])
def knobs(request, tmp_path) -> Knobs:
    texts = {TCP: "4096\t131072\t6291456\n", TIME: "30\n"}
    if request.param == "fake":
        return FakeKnobs(texts)
    for target, text in texts.items():
        path = tmp_path / "proc_sys" / target.name.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return KernelKnobs(tmp_path / "proc_sys")


@pytest.fixture
def file(tmp_path) -> Target:
    return Target(Kind.FILE, str(tmp_path / "60-zenlink.conf"))


def test_a_value_is_read_exactly(knobs):
    assert knobs.read(TCP).text == "4096\t131072\t6291456\n"
    assert knobs.read(TCP).access is Access.WRITABLE


def test_what_is_not_there_is_absent(knobs, file):
    assert knobs.read(sysctl("net.ipv4.tcp_nodelay")).access is Access.ABSENT
    assert knobs.read(Target(Kind.LINK, "multicast", "nothing0")).access is Access.ABSENT
    assert knobs.read(file).access is Access.ABSENT


def test_a_write_shows_the_same_words(knobs):
    knobs.write(TCP, "4096 131072 16777216\n")
    assert words_of(knobs.read(TCP).text) == ("4096", "131072", "16777216")


def test_the_old_text_comes_back_byte_for_byte(knobs):
    for target, new in ((TCP, "1 2 3\n"), (TIME, "4294967295\n")):
        old = knobs.read(target).text
        knobs.write(target, new)
        knobs.write(target, old)
        assert knobs.read(target).text == old


def test_a_file_is_made_replaced_and_removed(knobs, file):
    knobs.write(file, "a = 1\n")
    assert knobs.read(file).text == "a = 1\n"
    knobs.write(file, "b = 2\n")
    assert knobs.read(file).text == "b = 2\n"
    knobs.write(file, None)
    assert knobs.read(file).access is Access.ABSENT
    knobs.write(file, None)  # again does no harm
