"""The `plugins.ros2dds` section of zenoh-bridge-ros2dds in our words.

Pure. Every key is taken over, or noted with the reason why not; a key that upstream does not know is a fault
here as there. Source: wire specification 7.1 and 7.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from bridge.config_draft import Draft
from bridge.config_faults import Path, shown
from bridge.config_import_regex import ANYTHING, anchored, half_anchored, hopeless, regex_problem, searched
from bridge.config_import_rules import Entry, Gate, call_rules, egress_rules, ingress_rules
from bridge.config_layers import DISCOVERY_RANGES
from bridge.config_rules import MAX_RATE_HZ, PRIORITIES

PLUGIN: Path = ("plugins", "ros2dds")
MAX_RULES = 2000
"""Made by combining two lists; each new topic is compared with all of them."""

_AS_IT_IS = {
    "namespace": ("ros", "namespace"),
    "domain": ("ros", "domain_id"),
    "reliable_routes_blocking": ("zenoh", "reliable_blocking"),
    "transient_local_cache_multiplier": ("zenoh", "transient_local_cache_multiplier"),
}
_NO_EQUAL = {
    "nodename": "no equal: the agent is no ROS node",
    "work_thread_num": "no equal, and not needed: it sizes the threads of a plugin in zenohd",
    "max_block_thread_num": "no equal, and not needed: it sizes the threads of a plugin in zenohd",
}
_HOPELESS = "left out: it matches nothing there either, as a ROS name begins with /"
_OF_THE_LOADER = ("__required__", "__path__", "__config__")
_TOPIC_KINDS = ("publishers", "subscribers")
_CALL_KINDS = ("service_servers", "service_clients", "action_servers", "action_clients")
_KEYS = (
    *_AS_IT_IS,
    *_NO_EQUAL,
    *_OF_THE_LOADER,
    "ros_localhost_only",
    "ros_automatic_discovery_range",
    "ros_static_peers",
    "allow",
    "deny",
    "pub_max_frequencies",
    "pub_priorities",
    "queries_timeout",
    "shm_enabled",
)


def import_plugin(draft: Draft, section: dict[str, object]) -> None:
    """Takes over the section.

    Raises:
        ConfigError: Upstream would refuse it too, or a regular expression is beyond us.
    """
    draft.check_keys(PLUGIN, section, _KEYS)
    for key, path in _AS_IT_IS.items():
        if section.get(key) is not None:
            draft.put(path, section[key], (*PLUGIN, key))
    for key, reason in _NO_EQUAL.items():
        if section.get(key) is not None:
            draft.note((*PLUGIN, key), reason)
    if section.get("shm_enabled"):
        draft.note((*PLUGIN, "shm_enabled"), "no equal: this DDS has no shared memory")
    _discovery(draft, section)
    _queries_timeout(draft, section.get("queries_timeout"))
    _rules(draft, section)


def _discovery(draft: Draft, section: dict[str, object]) -> None:
    """With ros_localhost_only the range and the peers count for nothing (wire specification 7.3)."""
    only, found, peers = (
        section.get(key)
        for key in ("ros_localhost_only", "ros_automatic_discovery_range", "ros_static_peers")
    )
    range_key, peers_key = (*PLUGIN, "ros_automatic_discovery_range"), (*PLUGIN, "ros_static_peers")
    if only is not None and not isinstance(only, bool):
        problem = f"expected true or false, found {shown(only)}"
        raise draft.error((*PLUGIN, "ros_localhost_only"), problem, remedy="write it without quotes")
    if only:
        draft.put(("ros", "discovery_range"), "localhost", (*PLUGIN, "ros_localhost_only"))
        for key, value in ((range_key, found), (peers_key, peers)):
            if value is not None:
                draft.note(key, "left out: it has no effect beside ros_localhost_only")
        return
    if found is not None:
        ours = DISCOVERY_RANGES.get(found, found) if isinstance(found, str) else found
        draft.put(("ros", "discovery_range"), ours, range_key)
    if peers is not None:
        listed = [peer.strip() for peer in peers.split(";")] if isinstance(peers, str) else peers
        kept = [peer for peer in listed if peer] if isinstance(listed, list) else listed
        draft.put(("ros", "static_peers"), kept, peers_key)


def _queries_timeout(draft: Draft, value: object) -> None:
    here = (*PLUGIN, "queries_timeout")
    section = draft.section(here, value)
    draft.check_keys(here, section, ("default", "transient_local_subscribers", "services", "actions"))
    if section.get("default") is not None:
        draft.put(("zenoh", "queries_timeout_s"), section["default"], (*here, "default"))
    if section.get("transient_local_subscribers") is not None:
        reason = "no equal: one time holds for every query, zenoh.queries_timeout_s"
        draft.note((*here, "transient_local_subscribers"), reason)
    for key in ("services", "actions"):
        if section.get(key) is not None:
            reason = "no equal: zenoh.queries_timeout_s holds for every call, and a result may take for ever"
            draft.note((*here, key), reason)


def _rules(draft: Draft, section: dict[str, object]) -> None:
    gates = _gates(draft, section)
    frequencies = _entries(draft, section, "pub_max_frequencies", _frequency)
    priorities = _entries(draft, section, "pub_priorities", _priority)
    if len(frequencies) * len(priorities) > MAX_RULES:
        problem = f"with pub_priorities it makes more than {MAX_RULES} rules, one for each pair"
        remedy = "join entries of the same value: (a|b)=5"
        raise draft.error((*PLUGIN, "pub_max_frequencies"), problem, remedy=remedy)
    publishers, subscribers = (gates.get(kind) for kind in _TOPIC_KINDS)
    for key in _CALL_KINDS:
        kind, _, role = key.partition("_")
        for rule in call_rules(gates.get(key), kind=kind, servers=role == "servers"):
            draft.add_rule(rule.data(), rule.source)
    for rule in (*egress_rules(publishers, frequencies, priorities), *ingress_rules(subscribers)):
        draft.add_rule(rule.data(), rule.source)


def _gates(draft: Draft, section: dict[str, object]) -> dict[str, Gate]:
    present = [key for key in ("allow", "deny") if section.get(key) is not None]
    if len(present) > 1:
        raise draft.error((*PLUGIN, "deny"), "allow and deny exclude each other", remedy="keep one of them")
    if not present:
        return {}
    here = (*PLUGIN, present[0])
    lists = draft.section(here, section[present[0]])
    draft.check_keys(here, lists, (*_TOPIC_KINDS, *_CALL_KINDS))
    return {
        kind: Gate(
            allows=present[0] == "allow",
            name=_anchored(draft, (*here, kind), lists.get(kind)),
            source=(*here, kind) if kind in lists else here,
        )
        for kind in (*_TOPIC_KINDS, *_CALL_KINDS)
    }


def _anchored(draft: Draft, origin: Path, value: object) -> str | None:
    """One expression for a text or a list of them; ``None`` for an empty list."""
    if value is None:
        return None
    alone = isinstance(value, str)
    texts = [value] if isinstance(value, str) else _texts(draft, origin, value)
    kept = []
    for index, text in enumerate(texts):
        here = origin if alone else (*origin, index)
        _check_regex(draft, here, text)
        if hopeless(anchored([text])):
            draft.note(here, _HOPELESS)
            continue
        kept.append(text)
        if half_anchored(text):
            reason = (
                f"kept as it is there: {shown(text)} means {anchored([text])}; write ({text}) for whole names"
            )
            draft.note(here, reason)
    return anchored(kept) if kept else None


def _entries(
    draft: Draft,
    section: dict[str, object],
    key: str,
    read: Callable[[Draft, Path, str], dict[str, object]],
) -> list[Entry]:
    """The ``REGEX=VALUE`` items of a list; the value follows the first ``=``."""
    origin, value = (*PLUGIN, key), section.get(key)
    if key == "pub_max_frequencies" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return [Entry(name=ANYTHING, sets=read(draft, origin, str(value)), source=origin)]
    entries = []
    for index, text in enumerate(_texts(draft, origin, value)):
        here = (*origin, index)
        regex, equals, setting = text.partition("=")
        if not equals:
            problem = f"{shown(text)} has no ="
            raise draft.error(here, problem, remedy="write REGEX=VALUE, e.g. /scan=5")
        _check_regex(draft, here, regex)
        entry = Entry(name=searched(regex), sets=read(draft, here, setting), source=here)
        if hopeless(entry.name):
            draft.note(here, _HOPELESS)
            continue
        entries.append(entry)
    return entries


def _frequency(draft: Draft, origin: Path, text: str) -> dict[str, object]:
    try:
        rate_hz = float(text)
    except ValueError as error:
        problem = f"{shown(text)} is no number"
        raise draft.error(origin, problem, remedy="write REGEX=HERTZ, e.g. /scan=5") from error
    if not rate_hz > 0:  # also for NaN
        raise draft.error(origin, f"{shown(text)} is no frequency", remedy="give Hertz above 0")
    return {"max_rate_hz": rate_hz} if isfinite(rate_hz) and rate_hz <= MAX_RATE_HZ else {}


def _priority(draft: Draft, origin: Path, text: str) -> dict[str, object]:
    number = text.removesuffix(":express")
    word = {str(value): word for word, value in PRIORITIES.items()}.get(number.removeprefix("+"))
    if word is None:
        problem = f"{shown(text)} is no priority"
        raise draft.error(origin, problem, remedy="write REGEX=1 to REGEX=7, with :express where wanted")
    return {"priority": word, **({"express": True} if number != text else {})}


def _texts(draft: Draft, origin: Path, value: object) -> Sequence[str]:
    if value is None:
        return ()
    if not isinstance(value, list):
        problem = f"expected a list, found {shown(value)}"
        raise draft.error(origin, problem, remedy='write ["one", "two"]')
    for index, item in enumerate(value):
        if not isinstance(item, str):
            problem = f"expected text, found {shown(item)}"
            raise draft.error((*origin, index), problem, remedy="put it in quotes")
    return value


def _check_regex(draft: Draft, origin: Path, text: str) -> None:
    found = regex_problem(text)
    if found is not None:
        problem, remedy = found
        raise draft.error(origin, f"{shown(text)}: {problem}", remedy=remedy)
