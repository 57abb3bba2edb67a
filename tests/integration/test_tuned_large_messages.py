"""6 MiB at 10 Hz over loopback with the settings of an old kernel and with the planned ones, both printed.

The reader is kept away for half a period at each message, as on a busy host: that of a fast machine alone
empties even a small buffer in time. So what counts is what a buffer holds: the old ones, of 208 and 416 KiB,
take no whole message, and the planned ones do.
"""

from __future__ import annotations

import re

import pytest

from bridge.cli.main import main
from tests.fakes.kernel import copied_tree
from tests.netopt.kernel.conftest import needs_namespace

pytestmark = pytest.mark.alone  # measures what buffers of the kernel hold

COUNT = 20
ROW = re.compile(
    r"^(before|planned): (.+?) +(\d+) \(\d+%\) +(lost|[\d.]+ m?s) +(lost|[\d.]+ m?s)", re.MULTILINE
)


@needs_namespace
def test_planned_settings_lose_fewer_large_messages(tmp_path, capsys) -> None:
    tree = copied_tree(tmp_path / "proc_sys")
    places = ["--proc-sys", str(tree), "--sysctl-dir", str(tmp_path / "sysctl.d")]
    measure = ["--message", "6MiB", "--measure", "--count", str(COUNT), "--reader-pause", "50ms"]
    assert main(["tune", "plan", *places, *measure]) == 0
    text = capsys.readouterr().out
    print(text[text.index(f"{COUNT} messages") :])
    found = {(when, kind): (int(lost), p99) for when, kind, lost, _, p99 in ROW.findall(text)}
    kinds = {kind for _, kind in found}
    assert len(kinds) == 3
    for kind in kinds:
        (before, _), (planned, p99) = found["before", kind], found["planned", kind]
        assert planned <= before
        if kind.startswith("UDP"):
            assert planned < before  # none against all, but for stalls of this machine
        else:
            assert p99 != "lost"
