"""Independent lists as one: a plain model of zenoh-bridge-ros2dds is the oracle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config import Config
from bridge.config_checks import cross_faults
from bridge.config_draft import Draft
from bridge.config_import_regex import ANYTHING, regex_problem
from bridge.config_import_ros2dds import import_plugin
from bridge.config_import_rules import Entry, Gate, egress_rules, ingress_rules
from bridge.config_yaml import Document
from bridge.core.policy import PRIORITY_DATA, Policy
from bridge.core.routespec import Direction, RouteKind

CALLS = ("service_servers", "service_clients", "action_servers", "action_clients")


@dataclass(frozen=True)
class Decision:
    """What happens to whoever has a name."""

    publisher: bool
    subscriber: bool
    calls: tuple[bool, ...]
    """Of :data:`CALLS`."""
    rate_hz: float | None = None
    priority: int = PRIORITY_DATA
    express: bool = False


def upstream(section: dict, name: str) -> Decision:
    """As zenoh-bridge-ros2dds decides, straight from the wire specification, 7.1 and 7.2."""

    def allowed(kind: str) -> bool:
        mode = next((key for key in ("allow", "deny") if key in section), None)
        if mode is None:
            return True
        patterns = section[mode].get(kind, [])
        patterns = [patterns] if isinstance(patterns, str) else patterns
        found = bool(patterns) and re.search("|".join(f"^{one}$" for one in patterns), name) is not None
        return found if mode == "allow" else not found

    def first(key: str) -> str | None:
        entries = section.get(key, [])
        entries = [f".*={entries}"] if isinstance(entries, (int, float)) else entries
        pairs = [entry.split("=", 1) for entry in entries]
        return next((value for regex, value in pairs if re.search(regex, name)), None)

    publisher, subscriber = allowed("publishers"), allowed("subscribers")
    calls = tuple(allowed(kind) for kind in CALLS)
    if not publisher:
        return Decision(publisher, subscriber, calls)
    rate, priority = first("pub_max_frequencies"), first("pub_priorities")
    return Decision(
        publisher,
        subscriber,
        calls,
        rate_hz=None if rate is None else float(rate),
        priority=PRIORITY_DATA if priority is None else int(priority.split(":")[0]),
        express=priority is not None and priority.endswith(":express"),
    )


def policy_of(section: dict) -> Policy:
    draft = Draft(source=Document(file="f", data={"plugins": {"ros2dds": section}}, lines={}))
    import_plugin(draft, section)
    config = Config.model_validate(draft.data)
    assert list(cross_faults(config, insecure=True)) == []
    return config.policy()


def ours(policy: Policy, name: str) -> Decision:
    out = policy.decide(name=name, ros_type="a/msg/B", direction=Direction.EGRESS)
    back = policy.decide(name=name, ros_type="a/msg/B", direction=Direction.INGRESS)
    assert (back.max_rate_hz, back.priority, back.express) == (None, None, None)
    return Decision(
        out.allow,
        back.allow,
        tuple(
            policy.decide(name=name, ros_type="a/srv/B", direction=direction, kind=kind).allow
            for kind in (RouteKind.SERVICE, RouteKind.ACTION)
            for direction in (Direction.EGRESS, Direction.INGRESS)
        ),
        rate_hz=out.max_rate_hz,
        priority=out.priority or PRIORITY_DATA,
        express=bool(out.express),
    )


PIECES = ["/a", "/b", "_", ".*", ".", "[ab]", "[^a|]", "(/a|/b)", "(?:a|^/b$)", "|", "^", "$", "a?", "b+"]
USUAL = ["/a", ".*/a", "/b/.*", ".*", "^/a$", "^/a/b$", "/a|/b", "(/a|/b)", "", "/a/b", ".*b"]
regexes = st.sampled_from(USUAL) | st.lists(st.sampled_from(PIECES), max_size=4).map("".join).filter(
    lambda text: regex_problem(text) is None
)
names = st.lists(st.sampled_from(["a", "b", "a_b", "ab"]), min_size=1, max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)
patterns = regexes | st.lists(regexes, max_size=3)
kinds = st.fixed_dictionaries({}, optional=dict.fromkeys(("publishers", "subscribers", *CALLS), patterns))
rates = st.builds("{}={}".format, regexes, st.sampled_from(["5", "0.5", "1e3", "10.0"]))
priorities = st.builds("{}={}{}".format, regexes, st.integers(1, 7), st.sampled_from(["", ":express"]))
sections = st.builds(
    lambda gate, lists: {**gate, **lists},
    st.just({}) | st.fixed_dictionaries({"allow": kinds}) | st.fixed_dictionaries({"deny": kinds}),
    st.fixed_dictionaries(
        {},
        optional={
            "pub_max_frequencies": st.lists(rates, max_size=4) | st.sampled_from([3, 2.5]),
            "pub_priorities": st.lists(priorities, max_size=4),
        },
    ),
)


@given(sections, st.lists(names, min_size=1, max_size=8))
def test_every_name_meets_the_same_decision(section, some_names):
    policy = policy_of(section)
    for name in some_names:
        assert ours(policy, name) == upstream(section, name), name


@given(sections)
def test_every_rule_can_be_reached_as_far_as_names_tell(section):
    """No rule twice, and none behind one that matches everything."""
    rules = policy_of(section).rules
    for direction, kind in product(Direction, RouteKind):
        ours = [rule for rule in rules if rule.kind in (None, kind) and rule.direction is direction]
        if kind is not RouteKind.TOPIC:  # the settings of topics, which match them too, come after
            ours = [rule for rule in ours if rule.kind is kind]
        matched = [rule.name for rule in ours]
        assert len(matched) == len(set(matched))
        assert None not in matched[:-1]


def entry(name: str, **sets) -> Entry:
    return Entry(name=name, sets=sets, source=("s",))


def gate(name: str | None, *, allows: bool) -> Gate:
    return Gate(allows=allows, name=name, source=("g",))


def told(rules) -> list[tuple]:
    return [(rule.name, dict(rule.sets)) for rule in rules]


NO, YES = {"allow": False}, {"allow": True}


@pytest.mark.parametrize(
    ("given_gate", "rules"),
    [
        (None, []),
        (gate(None, allows=True), [(ANYTHING, NO)]),
        (gate(None, allows=False), []),
        (gate("/a|/b", allows=True), [("/a|/b", YES), (ANYTHING, NO)]),
        (gate("/a|/b", allows=False), [("/a|/b", NO)]),
        (gate(ANYTHING, allows=True), []),
        (gate(ANYTHING, allows=False), [(ANYTHING, NO)]),
    ],
)
def test_a_gate_alone(given_gate, rules):
    assert told(egress_rules(given_gate, (), ())) == rules
    assert told(ingress_rules(given_gate)) == rules


def test_an_allow_list_before_settings_denies_the_others():
    assert told(egress_rules(gate("/a|/b", allows=True), [entry("/a", r=1)], ())) == [
        ("(?!(?:/a|/b)$).*", NO),
        ("/a", {"r": 1}),
    ]


def test_where_nothing_is_allowed_nothing_is_set():
    assert told(egress_rules(gate(None, allows=True), [entry("/a", r=1)], [entry("/b", p=1)])) == [
        (ANYTHING, NO)
    ]


def test_both_lists_apply_in_their_own_order():
    frequencies = [entry("/a.*", r=1), entry("/.*b", r=2)]
    assert told(egress_rules(None, frequencies, [entry("/c.*", p=1), entry(".*d", p=2)])) == [
        ("(?=/a.*$)/c.*", {"r": 1, "p": 1}),
        ("(?=/a.*$).*d", {"r": 1, "p": 2}),
        ("/a.*", {"r": 1}),
        ("(?=/.*b$)/c.*", {"r": 2, "p": 1}),
        ("(?=/.*b$).*d", {"r": 2, "p": 2}),
        ("/.*b", {"r": 2}),
        ("/c.*", {"p": 1}),
        (".*d", {"p": 2}),
    ]


def test_the_same_expression_in_both_lists_is_one_rule():
    assert told(egress_rules(None, [entry("/a.*", r=1)], [entry("/a.*", p=1), entry(".*", p=2)])) == [
        ("/a.*", {"r": 1, "p": 1}),
        (ANYTHING, {"p": 2}),
    ]


def test_a_rule_as_yaml_has_it():
    [rule] = egress_rules(None, [entry("/a", max_rate_hz=5.0)], ())
    assert rule.data() == {"match": {"name": "/a", "direction": "egress"}, "max_rate_hz": 5.0}
    [rule] = egress_rules(None, [entry(ANYTHING)], ())
    assert rule.data() == {"match": {"direction": "egress"}, "allow": True}
