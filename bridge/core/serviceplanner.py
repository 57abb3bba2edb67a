"""From what is known about a name to the service and action routes that should exist for it.

Pure like :mod:`bridge.core.planner`. On the domain a name has one role and one form (design, fact 8): where a
real server lives we are its client, in its form; else, while one elsewhere is announced, a proxy takes its
place, in the form of the clients here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from bridge.core import keys, names, qos, typenames
from bridge.core.events import Endpoint
from bridge.core.naming import Naming
from bridge.core.plan import PlannedRoute
from bridge.core.policy import Policy, Rule
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.requests import ServiceForm
from bridge.core.routespec import ROUTED, Direction, RouteKind, RouteSpec, RouteState, RouteStatus
from bridge.core.serviceplan import Planned, PlannedAction, PlannedService
from bridge.core.serviceview import ACTION_SERVICES, ACTION_TOPICS, Party, ServiceView
from bridge.core.tokens import Token, TokenKind
from bridge.errors import InvalidName

_TOKENS = {
    (RouteKind.SERVICE, Direction.EGRESS): TokenKind.SERVICE_SERVER,
    (RouteKind.SERVICE, Direction.INGRESS): TokenKind.SERVICE_CLIENT,
    (RouteKind.ACTION, Direction.EGRESS): TokenKind.ACTION_SERVER,
    (RouteKind.ACTION, Direction.INGRESS): TokenKind.ACTION_CLIENT,
}
_DENIALS = {"send_goal": 0, "cancel_goal": 1, "get_result": 6}
"""``accepted`` false, ``ERROR_REJECTED``, ``STATUS_ABORTED``. Source: action_msgs, rclcpp_action."""
_RMW = {ServiceForm.CYCLONE: "rmw_cyclonedds", ServiceForm.RCLPY: "rmw_fastrtps"}
_FEEDBACK = Qos(reliability=Reliability.RELIABLE, history=History(HistoryKind.KEEP_LAST, 10))
_STATUS = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(HistoryKind.KEEP_LAST, 1),
)
"""Source: wire specification 4."""
_Made = TypeVar("_Made", PlannedService, PlannedAction)
_PART_TYPES = {
    "send_goal": "{}_SendGoal",
    "cancel_goal": "action_msgs/srv/CancelGoal",
    "get_result": "{}_GetResult",
    "feedback": "{}_FeedbackMessage",
    "status": "action_msgs/msg/GoalStatusArray",
}


def plan_service(
    view: ServiceView, policy: Policy, *, naming: Naming, zid: str
) -> tuple[PlannedService, ...]:
    """The route a service should have now; none when neither side needs one.

    Args:
        view: all that is known about the name as a service.
        policy: which names may cross.
        naming: how names of this side appear on Zenoh.
        zid: our Zenoh id, for the token.
    """
    if names.action_of(view.name):
        return ()  # never alone, only with its action
    found = _plan(RouteKind.SERVICE, PlannedService, view, policy, naming, zid)
    return () if found is None else (found,)


def plan_action(view: ServiceView, policy: Policy, *, naming: Naming, zid: str) -> tuple[Planned, ...]:
    """The routes an action should have now: its parts, then the action itself, which announces them.

    Arguments as for :func:`plan_service`.
    """
    action = _plan(RouteKind.ACTION, PlannedAction, view, policy, naming, zid)
    if action is None:
        return ()
    parts: list[Planned] = []
    if action.wanted:  # readers or writers without a server would make clients believe in one
        parts += [_topic_part(action, part) for part in ACTION_TOPICS]
    # After the topics: a goal must not be taken before its feedback finds its way.
    parts += [_service_part(action, part) for part in ACTION_SERVICES]
    return (*parts, action)


def _plan(
    kind: RouteKind, made: type[_Made], view: ServiceView, policy: Policy, naming: Naming, zid: str
) -> _Made | None:
    if not (view.servers or view.offered or view.clients):
        return None
    direction = Direction.EGRESS if view.servers else Direction.INGRESS
    try:
        names.check_ros_name(view.name)
        key = naming.key_expr(view.name, direction)
        keys.check_route_key(key)
        if view.servers:
            return _egress(kind, made, view, policy, key, zid)
        return _ingress(kind, made, view, policy, key, zid)
    except InvalidName:
        return None  # anybody can give any name on DDS; what has none on Zenoh stays here


def _egress(
    kind: RouteKind, made: type[_Made], view: ServiceView, policy: Policy, key: str, zid: str
) -> _Made:
    form = _majority((party.form for party in view.servers), view.default_form)
    ros_type, servers, notes = _one_type(kind, [party for party in view.servers if party.form is form])
    spec = RouteSpec(direction=Direction.EGRESS, ros_name=view.name, key_expr=key, kind=kind)
    rule, status = _egress_rule(kind, view.name, servers, policy, ros_type)
    asking = _TOKENS[kind, Direction.INGRESS]
    return made(
        spec=spec,
        status=status,
        rule=rule,
        ros_type=ros_type,
        form=form,
        token=Token(zid=zid, kind=_TOKENS[kind, Direction.EGRESS], key_expr=key, ros_type=ros_type),
        local=_endpoints(servers),
        remote=tuple(token for token in view.asked if token.key_expr == key and token.kind is asking),
        notes=notes,
        mixed=_mixed(view, form),
    )


def _egress_rule(
    kind: RouteKind, name: str, servers: list[Party], policy: Policy, ros_type: str
) -> tuple[Rule, RouteStatus]:
    """The rule that decides, and whether the service may cross.

    A request reaches every server of the name: one that must stay unknown keeps them all here.
    """
    decide = policy.decide
    found: list[Rule] = []
    for node in [node for party in servers for node in party.nodes or (None,)]:
        if node is None and policy.names_nodes:
            rule = decide(name=name, ros_type=ros_type, direction=Direction.EGRESS, kind=kind)
            reason = "rules name nodes, and no node claims its server yet"
            return rule, RouteStatus(state=RouteState.NOT_ALLOWED, reason=reason)
        found.append(decide(name=name, ros_type=ros_type, direction=Direction.EGRESS, node=node, kind=kind))
    denial = next((rule for rule in found if not rule.allow), None)
    return (found[0], ROUTED) if denial is None else (denial, _not_allowed(denial))


def _ingress(
    kind: RouteKind, made: type[_Made], view: ServiceView, policy: Policy, own_key: str, zid: str
) -> _Made:
    key, others = _ingress_key(view, own_key)
    offered = tuple(token for token in view.offered if token.key_expr == key)
    form = _majority((party.form for party in view.clients), view.default_form)
    clients = [party for party in view.clients if party.form is form]
    if clients:
        ros_type, clients, notes = _one_type(kind, clients)
    else:
        ros_type, notes = offered[0].ros_type, ()
    spec = RouteSpec(direction=Direction.INGRESS, ros_name=view.name, key_expr=key, kind=kind)
    rule = policy.decide(name=view.name, ros_type=ros_type, direction=spec.direction, kind=kind)
    served = [token for token in offered if token.ros_type == ros_type]
    strange = tuple(
        f"bridge {token.zid} offers type {token.ros_type}, local clients use {ros_type}: not passed on"
        for token in offered
        if token not in served
    )
    token = Token(zid=zid, kind=_TOKENS[kind, Direction.INGRESS], key_expr=key, ros_type=ros_type)
    status = ROUTED
    if strange and not served:
        status = RouteStatus(state=RouteState.FAILED, reason=strange[0])
    return made(
        spec=spec,
        status=status if rule.allow else _not_allowed(rule),
        rule=rule,
        ros_type=ros_type,
        form=form,
        token=token if clients else None,
        wanted=bool(served),
        local=_endpoints(clients),
        remote=offered,
        notes=notes + strange + others,
        mixed=_mixed(view, form),
    )


def _ingress_key(view: ServiceView, own_key: str) -> tuple[str, tuple[str, ...]]:
    """The one key that is asked, and a note on the others: two proxies of a name would both be called."""
    found = sorted({token.key_expr for token in view.offered}, key=lambda key: (key != own_key, key))
    notes = tuple(f"it is also offered under key {key}: {found[0]} is asked alone" for key in found[1:])
    return (found[0] if found else own_key), notes


def _service_part(action: PlannedAction, part: str) -> PlannedService:
    return PlannedService(
        spec=_part_spec(action.spec, part, RouteKind.SERVICE),
        status=action.status,
        rule=action.rule,
        ros_type=_PART_TYPES[part].format(action.ros_type),
        form=action.form,
        # A proxy waits for clients, whose feedback is then subscribed to already when they find it.
        wanted=action.wanted and bool(action.local),
        lasting=part == "get_result",
        denial=_DENIALS[part],
        local=_of_part(action.local, part),
        remote=action.remote,
    )


def _topic_part(action: PlannedAction, part: str) -> PlannedRoute:
    spec = _part_spec(action.spec, part, RouteKind.TOPIC)
    ros_type = _PART_TYPES[part].format(action.ros_type)
    local = _of_part(action.local, part)
    offer = _STATUS if part == "status" else _FEEDBACK
    if action.spec.direction is Direction.EGRESS:
        asked = qos.reader_for(endpoint.qos for endpoint in local)
        offer = replace(offer, reliability=asked.reliability, durability=asked.durability)
    return PlannedRoute(
        spec=spec,
        status=action.status,
        rule=action.rule,
        ros_type=ros_type,
        dds_topic=names.dds_topic(spec.ros_name),
        dds_type=typenames.dds_type(ros_type),
        keyed=False,
        qos=offer,
        block=True,
        wanted=bool(local),
        eager=True,
        local=local,
        remote=action.remote,
    )


def _part_spec(whole: RouteSpec, part: str, kind: RouteKind) -> RouteSpec:
    below = f"/_action/{part}"
    ros_name, key_expr = whole.ros_name + below, whole.key_expr + below
    return replace(whole, ros_name=ros_name, key_expr=key_expr, kind=kind)


def _of_part(endpoints: Iterable[Endpoint], part: str) -> tuple[Endpoint, ...]:
    return tuple(one for one in endpoints if names.classify(one.dds_topic).action_part == part)


def _endpoints(parties: Iterable[Party]) -> tuple[Endpoint, ...]:
    return tuple(endpoint for party in parties for endpoint in party.endpoints)


def _majority(forms: Iterable[ServiceForm], default: ServiceForm) -> ServiceForm:
    """The form that most have; the domain's where it is a tie, or nobody is there."""
    counts = Counter(forms)
    return max(ServiceForm, key=lambda form: (counts[form], form is default))


def _one_type(kind: RouteKind, parties: list[Party]) -> tuple[str, list[Party], tuple[str, ...]]:
    """The type most of them have (a tie goes to the first name), those parties, and a note on the rest.

    Raises:
        InvalidName: not one has a type of ROS.
    """
    types = [(party, _type_of(kind, party)) for party in parties]
    counts = Counter(ros_type for _, ros_type in types if ros_type)
    if not counts:
        raise InvalidName("no type of a ROS service")
    chosen = min(counts, key=lambda ros_type: (-counts[ros_type], ros_type))
    notes = tuple(
        f"{_who(party)} uses type {ros_type or 'of no ROS service'}, the route {chosen}: not served"
        for party, ros_type in types
        if ros_type != chosen
    )
    return chosen, [party for party, ros_type in types if ros_type == chosen], notes


def _type_of(kind: RouteKind, party: Party) -> str:
    """Its ROS type; empty where its endpoints tell none, or differing ones."""
    find = typenames.service_type if kind is RouteKind.SERVICE else typenames.action_type
    found: set[str] = set()
    for endpoint in party.endpoints:
        if names.classify(endpoint.dds_topic).action_part in ("cancel_goal", "status"):
            continue  # the same for every action
        try:
            found.add(find(endpoint.dds_type))
        except InvalidName:
            return ""
    return found.pop() if len(found) == 1 else ""


def _mixed(view: ServiceView, form: ServiceForm) -> str:
    """Who is left out, because no two forms understand each other."""
    others = [party for party in (*view.servers, *view.clients) if party.form is not form]
    if not others:
        return ""
    listed = ", ".join(sorted({_who(party) for party in others}))
    return f"served in the form of {_RMW[form]}; not served, as they speak another one: {listed}"


def _who(party: Party) -> str:
    return " and ".join(party.nodes) or f"participant {party.endpoints[0].gid.prefix.hex()}"


def _not_allowed(rule: Rule) -> RouteStatus:
    return RouteStatus(state=RouteState.NOT_ALLOWED, reason=f"denied by {rule.label}")
