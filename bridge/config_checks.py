"""Faults that only several keys together show: roles, links, certificates and rules.

Pure. A configuration that passes can still meet a missing file or a taken port; ``config_io`` looks
at the files, the agent at the ports.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.config import Config, HttpConfig, ZenohConfig, leaves
from bridge.config_faults import Fault, Path
from bridge.config_rules import EGRESS_SETTINGS, TOPIC_SETTINGS, RuleConfig
from bridge.core.endpoint import Endpoint, is_loopback, parse_address, parse_endpoint

_HAVE_A_KEY = {
    "mode": "zenoh.mode",
    "id": "zenoh.id",
    "listen/endpoints": "zenoh.listen",
    "connect/endpoints": "zenoh.connect",
}
"""Zenoh options that have a key of ours, so that no value stands in two places."""


def cross_faults(config: Config, *, insecure: bool) -> Iterator[Fault]:
    """Everything wrong between keys.

    Args:
        config: Each key of it is valid by itself.
        insecure: The operator accepts links that are neither loopback nor encrypted.
    """
    yield from _role_faults(config.zenoh)
    yield from _tls_faults(config.zenoh)
    yield from _extra_faults(config.zenoh)
    yield from _http_faults(config.http)
    if not insecure:
        yield from open_link_faults(config.zenoh)
    for index, rule in enumerate(config.rules):
        yield from _setting_faults(index, rule)
        if rule.remap is not None:
            yield from _remap_faults(index, rule)
            yield from _remap_clashes(index, config.rules)


def _endpoints(zenoh: ZenohConfig, key: str) -> list[tuple[Path, Endpoint]]:
    texts: tuple[str, ...] = getattr(zenoh, key)
    return [(("zenoh", key, index), parse_endpoint(text)) for index, text in enumerate(texts)]


def _role_faults(zenoh: ZenohConfig) -> Iterator[Fault]:
    scouting = any(key.startswith("scouting/") for key, _ in zenoh.extra_options())
    if zenoh.mode == "client" and zenoh.listen:
        problem = "a client does not listen"
        yield Fault(
            path=("zenoh", "listen"), problem=problem, remedy="remove it, or set zenoh.mode to router or peer"
        )
    if zenoh.mode == "client" and not zenoh.connect and not scouting:
        problem = "a client needs an endpoint to connect to"
        yield Fault(
            path=("zenoh", "mode"),
            problem=problem,
            remedy="add zenoh.connect, e.g. [tls/router.example:7447]",
        )
    if zenoh.mode == "peer" and not zenoh.connect and not zenoh.listen and not scouting:
        problem = "a peer that neither listens nor connects reaches nobody"
        yield Fault(path=("zenoh", "mode"), problem=problem, remedy="add zenoh.connect or zenoh.listen")
    for path, endpoint in _endpoints(zenoh, "connect"):
        if endpoint.port == 0:
            problem = f"{endpoint}: port 0 is no place to connect to"
            yield Fault(
                path=path, problem=problem, remedy="give the port that the other side listens on, e.g. 7447"
            )


def _tls_faults(zenoh: ZenohConfig) -> Iterator[Fault]:
    tls = zenoh.tls
    for present, absent in (("certificate", "private_key"), ("private_key", "certificate")):
        if getattr(tls, present) is not None and getattr(tls, absent) is None:
            problem = f"{present} without {absent}"
            yield Fault(path=("zenoh", "tls", present), problem=problem, remedy=f"add zenoh.tls.{absent}")
            return
    missing = [key for key in ("ca", "certificate", "private_key") if getattr(tls, key) is None]
    if tls.mutual and missing:
        problem = f"mutual TLS without {' and '.join(missing)}"
        remedy = "add " + ", ".join(f"zenoh.tls.{key}" for key in missing)
        yield Fault(path=("zenoh", "tls", "mutual"), problem=problem, remedy=remedy)
        return
    raw = any(key.startswith("transport/link/tls/listen_certificate") for key, _ in zenoh.extra_options())
    for path, endpoint in _endpoints(zenoh, "listen"):
        if endpoint.encrypted and tls.certificate is None and not raw and "#" not in endpoint.text:
            problem = f"{endpoint} listens without a certificate"
            yield Fault(
                path=path, problem=problem, remedy="add zenoh.tls.certificate and zenoh.tls.private_key"
            )


def _http_faults(http: HttpConfig) -> Iterator[Fault]:
    if http.listen is None or http.token_file is not None:
        return
    host, _ = parse_address(http.listen)
    if not is_loopback(host):
        problem = f"{http.listen} shows everything to whoever reaches it"
        remedy = "add http.token_file, or listen on 127.0.0.1 behind a proxy that knows its users"
        yield Fault(path=("http", "listen"), problem=problem, remedy=remedy)


def _extra_faults(zenoh: ZenohConfig) -> Iterator[Fault]:
    for keys, _ in leaves(zenoh.extra):
        path, key = ("zenoh", "extra", *keys), "/".join(part.strip("/") for part in keys)
        # Also below it: endpoints can be given for each mode, and would pass unseen by the checks of ours.
        own = next((own for own in _HAVE_A_KEY if key == own or key.startswith(f"{own}/")), None)
        if own is not None:
            problem = f"{own} has a key of its own"
            yield Fault(path=path, problem=problem, remedy=f"write it as {_HAVE_A_KEY[own]}")
        if key.partition("/")[0] in ("plugins", "plugins_loading"):
            problem = "Zenoh inside Python loads no plugins and says nothing about it"
            yield Fault(
                path=path, problem=problem, remedy="remove it and run zenohd beside for REST or storages"
            )


def open_link_faults(zenoh: ZenohConfig) -> Iterator[Fault]:
    """Links that a stranger could read: faults, unless the operator accepts them."""
    for key, verb in (("listen", "accepts"), ("connect", "sends")):
        for path, endpoint in _endpoints(zenoh, key):
            if not endpoint.local and not endpoint.encrypted:
                problem = f"{endpoint} {verb} everything in clear text beyond this host"
                secure = f"tls/{endpoint.text.partition('/')[2].partition('?')[0].partition('#')[0]}"
                yield Fault(path=path, problem=problem, remedy=f"use {secure}, or accept it with --insecure")


def _setting_faults(index: int, rule: RuleConfig) -> Iterator[Fault]:
    """What a rule sets without effect, since the operator meant something by it."""
    here: Path = ("rules", index)
    if rule.match.node is not None and rule.match.direction == "ingress":
        problem = "the node that publishes is known on the way out only"
        remedy = "set match.direction to egress, or match by name"
        yield Fault(path=(*here, "match", "node"), problem=problem, remedy=remedy)
    if not rule.allow:
        for key in rule.sets():
            problem = "has no effect where allow is false"
            yield Fault(path=(*here, key), problem=problem, remedy=f"remove {key}, or set allow to true")
    if rule.match.kind in ("service", "action"):
        for key in TOPIC_SETTINGS:
            if getattr(rule, key) is not None:
                problem = f"has no effect on a {rule.match.kind}"
                remedy = f"remove {key}, or set match.kind to topic"
                yield Fault(path=(*here, key), problem=problem, remedy=remedy)
    elif rule.match.direction == "ingress":
        for key in EGRESS_SETTINGS:
            if getattr(rule, key) is not None:
                problem = "has no effect on ingress: samples on a link are their sender's"
                remedy = f"remove {key}, or set match.direction to egress"
                yield Fault(path=(*here, key), problem=problem, remedy=remedy)


def _remap_faults(index: int, rule: RuleConfig) -> Iterator[Fault]:
    path: Path = ("rules", index, "remap")
    if not rule.match.literal:
        problem = "needs match.name to be one ROS name, not a pattern"
        yield Fault(path=path, problem=problem, remedy="write a rule for each name, e.g. name: /scan")
    elif rule.match.name == rule.remap:
        yield Fault(path=path, problem=f"{rule.remap} is its name already", remedy="remove remap")
    for key in ("type", "node"):
        if getattr(rule.match, key) is not None:
            problem = f"a name has one name on Zenoh, whatever its {key}"
            yield Fault(path=path, problem=problem, remedy=f"remove match.{key} from this rule")


def _remap_clashes(index: int, rules: tuple[RuleConfig, ...]) -> Iterator[Fault]:
    """Against the rules before: two names in one, or one name in two, in the same direction."""
    rule, path = rules[index], ("rules", index, "remap")
    for other, earlier in enumerate(rules[:index]):
        apart = {rule.match.direction, earlier.match.direction} == {"egress", "ingress"}
        if earlier.remap is None or apart:
            continue
        same_name = rule.match.name == earlier.match.name
        if same_name:
            problem = f"rules[{other}] remaps {rule.match.name} already, to {earlier.remap}"
            yield Fault(path=path, problem=problem, remedy="keep one of the two")
        elif rule.remap == earlier.remap:
            problem = f"rules[{other}] remaps {earlier.match.name} to {rule.remap} too"
            yield Fault(path=path, problem=problem, remedy="give each its own name")
