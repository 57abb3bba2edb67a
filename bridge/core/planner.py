"""From what is known about a name to the routes that should exist for it.

Pure: :func:`plan_topic` depends on the view and the policy alone, so any order of the same discoveries
ends in the same plan. The engine compares plans with what is open and acts on the difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bridge.core import keys, names, qos, typenames
from bridge.core.events import Endpoint
from bridge.core.naming import Naming
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.policy import PRIORITY_DATA, PRIORITY_DATA_LOW, Congestion, Policy, Rule
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.routespec import ROUTED, Direction, RouteSpec, RouteState, RouteStatus
from bridge.core.tokens import Token, TokenKind
from bridge.core.topicview import TopicView
from bridge.errors import InvalidName

_CHATTER = frozenset({"/rosout", "/parameter_events"})
"""Low priority, and never a reason to make a robot wait for a link (wire specification 6.5)."""


def plan_topic(view: TopicView, policy: Policy, *, naming: Naming, zid: str) -> tuple[PlannedRoute, ...]:
    """The routes a topic should have now; empty when neither side needs one.

    Args:
        view: all that is known about the name.
        policy: which names may cross, and how.
        naming: how names of this side appear on Zenoh.
        zid: our Zenoh id, for the tokens.
    """
    try:
        names.check_ros_name(view.name)
        if names.action_of(view.name):
            return ()  # never alone, only with its action
        egress_key = naming.key_expr(view.name, Direction.EGRESS)
        ingress_key = naming.key_expr(view.name, Direction.INGRESS)
        keys.check_route_key(egress_key)
        keys.check_route_key(ingress_key)
    except InvalidName:
        return ()
    planned = []
    if view.writers:
        planned.append(_egress(view, egress_key, policy, zid))
    planned += [_ingress(view, key, ingress_key, policy, zid) for key in _ingress_keys(view, ingress_key)]
    return tuple(route for route in planned if route is not None)


def _ingress_keys(view: TopicView, own_key: str) -> list[str]:
    """The own key while there are local readers, and each key under which a remote writer is announced."""
    announced = {token.key_expr for token in view.announced if token.kind is TokenKind.PUBLISHER}
    return sorted(announced | ({own_key} if view.readers else set()))


def _egress(view: TopicView, key: str, policy: Policy, zid: str) -> PlannedRoute | None:
    dds_type, served, notes = _one_type(view.writers)
    try:
        ros_type = typenames.ros_type(dds_type)
    except InvalidName:
        return None
    spec = RouteSpec(direction=Direction.EGRESS, ros_name=view.name, key_expr=key)
    rule, allowed, status = _egress_rule(view, served, policy, ros_type)
    merged = qos.reader_for(endpoint.qos for endpoint in allowed or served)
    keyed = served[0].gid.keyed
    return PlannedRoute(
        spec=spec,
        status=status,
        rule=rule,
        ros_type=ros_type,
        dds_topic=names.dds_topic(view.name),
        dds_type=dds_type,
        keyed=keyed,
        qos=rule.qos.applied(merged) if rule.qos is not None else merged,
        block=_blocks(rule, allowed, view.name),
        priority=rule.priority or (PRIORITY_DATA_LOW if view.name in _CHATTER else PRIORITY_DATA),
        express=bool(rule.express),
        refused=frozenset(endpoint.gid for endpoint in view.writers if endpoint not in allowed),
        token=Token(
            zid=zid,
            kind=TokenKind.PUBLISHER,
            key_expr=key,
            ros_type=ros_type,
            qos=_announced_qos(endpoint.qos for endpoint in allowed or served),
            keyed=keyed,
        ),
        local=allowed,
        remote=tuple(t for t in view.announced if t.kind is TokenKind.SUBSCRIBER and t.key_expr == key),
        notes=notes,
    )


def _blocks(rule: Rule, writers: tuple[Endpoint, ...], name: str) -> bool:
    if rule.congestion is not None:
        return rule.congestion is Congestion.BLOCK
    return name not in _CHATTER and any(endpoint.qos.reliable() for endpoint in writers)


def _egress_rule(
    view: TopicView, writers: tuple[Endpoint, ...], policy: Policy, ros_type: str
) -> tuple[Rule, tuple[Endpoint, ...], RouteStatus]:
    """The rule whose settings hold for the route, the writers that may cross, and whether any may.

    Where rules name nodes, a writer that no node claims (yet) is denied: it may be the secret one.
    """
    claims = dict(view.claims)
    decided = [
        (
            writer,
            policy.decide(
                name=view.name, ros_type=ros_type, direction=Direction.EGRESS, node=claims.get(writer.gid)
            ),
        )
        for writer in writers
        if writer.gid in claims or not policy.names_nodes
    ]
    allowed = [(writer, rule) for writer, rule in decided if rule.allow]
    if allowed:
        return allowed[0][1], tuple(writer for writer, _ in allowed), ROUTED
    if decided:
        return decided[0][1], (), _not_allowed(decided[0][1].label)
    rule = policy.decide(name=view.name, ros_type=ros_type, direction=Direction.EGRESS)
    reason = "rules name nodes, and no node claims its writers yet"
    return rule, (), RouteStatus(state=RouteState.NOT_ALLOWED, reason=reason)


def _ingress(view: TopicView, key: str, own_key: str, policy: Policy, zid: str) -> PlannedRoute | None:
    announced = tuple(t for t in view.announced if t.kind is TokenKind.PUBLISHER and t.key_expr == key)
    if view.readers:
        dds_type, readers, notes = _one_type(view.readers)
    else:
        dds_type, readers, notes = typenames.dds_type(announced[0].ros_type), (), ()
    try:
        ros_type = typenames.ros_type(dds_type)
    except InvalidName:
        return None
    spec = RouteSpec(direction=Direction.INGRESS, ros_name=view.name, key_expr=key)
    rule = policy.decide(name=view.name, ros_type=ros_type, direction=spec.direction)
    matching = tuple(token for token in announced if token.ros_type == ros_type)
    offer = _ingress_offer(readers, matching)
    if rule.qos is not None:
        offer = rule.qos.applied(offer)
    status, more = _ingress_status(ros_type, readers, announced, matching, offer)
    return PlannedRoute(
        spec=spec,
        status=status if rule.allow else _not_allowed(rule.label),
        rule=rule,
        ros_type=ros_type,
        dds_topic=names.dds_topic(view.name),
        dds_type=dds_type,
        keyed=readers[0].gid.keyed if readers else announced[0].keyed,
        qos=offer,
        token=_subscriber_token(readers, key, ros_type, zid) if readers and key == own_key else None,
        wanted=bool(readers),
        local=readers,
        remote=announced,
        sources=tuple(source for source in view.sources if source.key_expr == key),
        notes=notes + more,
    )


def _subscriber_token(readers: tuple[Endpoint, ...], key: str, ros_type: str, zid: str) -> Token:
    return Token(
        zid=zid,
        kind=TokenKind.SUBSCRIBER,
        key_expr=key,
        ros_type=ros_type,
        qos=_announced_qos(endpoint.qos for endpoint in readers),
        keyed=readers[0].gid.keyed,
    )


def _ingress_status(
    ros_type: str,
    readers: tuple[Endpoint, ...],
    announced: tuple[Token, ...],
    matching: tuple[Token, ...],
    offer: Qos,
) -> tuple[RouteStatus, tuple[str, ...]]:
    others = [token for token in announced if token not in matching]
    notes = tuple(
        f"bridge {token.zid} announces type {token.ros_type}, local readers use {ros_type}: not passed on"
        for token in others
    )
    if announced and not matching:
        return RouteStatus(state=RouteState.FAILED, reason=notes[0]), notes
    refused = [(reader, qos.mismatches(offer, reader.qos)) for reader in readers]
    conflicts = tuple(
        f"reader {reader.gid}: {'; '.join(str(mismatch) for mismatch in found)}"
        for reader, found in refused
        if found
    )
    if readers and len(conflicts) == len(readers):
        return RouteStatus(state=RouteState.QOS_CONFLICT, reason=conflicts[0]), notes + conflicts
    return ROUTED, notes + conflicts


def _ingress_offer(readers: tuple[Endpoint, ...], announced: tuple[Token, ...]) -> Qos:
    offer = qos.writer_for((reader.qos for reader in readers), (token.qos for token in announced))
    if not offer.transient_local:
        return offer
    # What late joiners get is the source's history; a reader's depth only tells how much it keeps.
    depths = [token.qos.history or _unannounced() for token in announced if token.qos.transient_local]
    history = _deepest(depths) if depths else offer.history or _unannounced()
    return replace(offer, history=history, durability=Durability.TRANSIENT_LOCAL)


def _unannounced() -> History:
    return History(kind=HistoryKind.KEEP_LAST, depth=UNANNOUNCED_DEPTH)


def _deepest(histories: Iterable[History]) -> History:
    return max(histories, key=lambda history: (history.kind is HistoryKind.KEEP_ALL, history.depth))


def _not_allowed(label: str) -> RouteStatus:
    return RouteStatus(state=RouteState.NOT_ALLOWED, reason=f"denied by {label}")


def _one_type(endpoints: tuple[Endpoint, ...]) -> tuple[str, tuple[Endpoint, ...], tuple[str, ...]]:
    """The type most endpoints use (a tie goes to the first name), those endpoints, and a note on the rest.

    Keyed and keyless endpoints of one type name differ like types: neither matches the other.
    """
    counts: dict[tuple[str, bool], int] = {}
    for endpoint in endpoints:
        kind = (endpoint.dds_type, endpoint.gid.keyed)
        counts[kind] = counts.get(kind, 0) + 1
    chosen = min(counts, key=lambda kind: (-counts[kind], kind))
    served = tuple(e for e in endpoints if (e.dds_type, e.gid.keyed) == chosen)
    notes = tuple(
        f"{e.kind.value} {e.gid} uses type {e.dds_type}, the route {chosen[0]}: not served"
        for e in endpoints
        if e not in served
    )
    return chosen[0], served, notes


def _announced_qos(local: Iterable[Qos]) -> Qos:
    """The four policies that a token carries, so that the far half suits every local endpoint."""
    found = list(local)
    histories = [one.history for one in found if one.history is not None]
    return Qos(
        reliability=Reliability.RELIABLE if any(one.reliable() for one in found) else Reliability.BEST_EFFORT,
        durability=Durability.TRANSIENT_LOCAL
        if any(one.transient_local for one in found)
        else Durability.VOLATILE,
        history=_deepest(histories) if histories else None,
        user_data=next((one.user_data for one in found if qos.type_hash(one.user_data)), b""),
    )
