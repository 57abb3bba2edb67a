"""Interfaces by netlink: the real ones are only looked at, those of a namespace of its own are changed."""

from __future__ import annotations

import subprocess
import sys

from netopt.core.observed import Access
from netopt.core.settings import Kind, Target
from netopt.kernel.features import rings_of
from netopt.kernel.links import Links
from tests.netopt.kernel.conftest import needs_namespace


def test_loopback_is_seen():
    (lo,) = [one for one in Links().interfaces() if one.name == "lo"]
    assert lo.loopback
    assert not lo.virtual
    assert lo.rings is None
    assert Links().read(Target(Kind.LINK, "txqueuelen", "lo")).text == f"{lo.txqueuelen}\n"


def test_what_is_not_there_is_absent():
    assert Links().read(Target(Kind.LINK, "multicast", "nothing0")).access is Access.ABSENT
    assert rings_of("nothing0") is None


IN_NAMESPACE = """
import subprocess
from netopt.core.settings import Kind, Target
from netopt.kernel.features import Cards
from netopt.kernel.links import Links
links, cards = Links(), Cards()
for name, words in (("multicast", ("on", "off", "on")), ("txqueuelen", ("5000", "1000"))):
    for word in words:
        links.write(Target(Kind.LINK, name, "lo"), word)
        print(name, word, links.read(Target(Kind.LINK, name, "lo")).text.strip())
subprocess.run("ip link add v0 type veth peer name v1", shell=True, check=True)
gro = Target(Kind.FEATURE, "rx-gro", "v0")
for word in ("off", "on"):
    cards.write(gro, word)
    print("rx-gro", word, cards.read(gro, problem="").text.strip())
"""


@needs_namespace
def test_flags_queues_and_offloads_go_both_ways_in_a_namespace_of_its_own():
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", IN_NAMESPACE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    tried = [line.split() for line in done.stdout.splitlines()]
    assert len(tried) == 7
    assert all(wanted == found for _, wanted, found in tried)
