"""docs/tuning.md says what the code does: its tables are made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from netopt.core.advice import RECIPE
from netopt.core.catalog import known_sysctls, settings_of
from netopt.core.evidence import EVIDENT_KEYS
from netopt.core.profile import PROFILES
from netopt.core.quantities import rate_text, size_text, time_text
from netopt.core.settings import Scope, Setting

PAGE = Path(__file__).parents[2] / "docs" / "tuning.md"


def _wanted(key: str) -> list[Setting | None]:
    by_profile = [settings_of(profile, profile.demand) for profile in PROFILES]
    return [next((one for one in settings if one.target.name == key), None) for settings in by_profile]


def profiles_table() -> str:
    lines = ["| profile | for | rate x round trip | largest message | at once |", "|---|---|---|---|---|"]
    for profile in PROFILES:
        demand = profile.demand
        lines.append(
            f"| `{profile.name}` | {profile.summary} | {rate_text(demand.rate_bit_s)} x "
            f"{time_text(demand.rtt_s)} | {size_text(demand.message_bytes)} | {demand.streams} |"
        )
    return "\n".join(lines)


def settings_table() -> str:
    names = " | ".join(profile.name for profile in PROFILES)
    lines = [f"| sysctl | {names} | set by | why | formula | cost | source |", "|---" * 10 + "|"]
    for key in known_sysctls():
        wanted = _wanted(key)
        first = next(one for one in wanted if one is not None)
        values = " | ".join("" if one is None else str(one.rule) for one in wanted)
        scope = "host" if first.scope is Scope.HOST else "namespace"
        texts = f"{scope} | {first.reason} | {first.formula} | {first.cost} | {first.source}"
        lines.append(f"| `{key}` | {values} | {texts} |")
    return "\n".join(lines)


def recipe_table() -> str:
    lines = ["| the recipe sets | what that does | instead |", "|---|---|---|"]
    lines += [f"| `{one.key}={one.value}` | {one.verdict} | {one.instead} |" for one in RECIPE]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "table", [profiles_table, settings_table, recipe_table], ids=lambda one: one.__name__
)
def test_the_tables_of_the_page_are_those_of_the_code(table):
    assert table() in PAGE.read_text(), f"put this into {PAGE.name}:\n{table()}"


def test_what_is_changed_on_evidence_is_named():
    text = PAGE.read_text()
    for key in (*EVIDENT_KEYS, "txqueuelen", "multicast"):
        assert key.rpartition(".")[2] in text
