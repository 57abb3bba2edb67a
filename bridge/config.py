"""The models of the configuration: every key with its meaning, unit, default and limits.

Pure: data in, frozen values or faults out. ``config_io`` brings data from the file, the environment
and the command line; ``config_checks`` looks at keys together. The text below a field is its
documentation in the JSON schema, and a test keeps configs/bridge.reference.yaml equal to the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    StrictBool,
    field_validator,
    model_validator,
)

from bridge.config_faults import fault_error, shown
from bridge.config_probe import ProbeConfig
from bridge.config_rules import RuleConfig
from bridge.config_section import Section
from bridge.core.endpoint import parse_address, parse_endpoint
from bridge.core.names import check_namespace
from bridge.core.policy import Policy
from bridge.errors import InvalidName

DEFAULT_LISTEN = "tcp/127.0.0.1:7447"
"""Where a router listens when it is told neither to listen nor to connect; 7447 is Zenoh's own port."""
DEFAULT_HTTP = "127.0.0.1:9469"
"""Where the page is."""
_MAX_DOMAIN_ID = 232
"""With more, the port numbers of DDSI-RTPS (7400 + 250 * domain) leave the 16 bits of UDP."""
_MAX_INTERFACE_CHARS = 15  # Linux: IFNAMSIZ is 16 with the closing zero
_MAX_TIME_S = 3600.0
_MAX_MBIT_S = 10_000.0


def _endpoint(text: str) -> str:
    try:
        parse_endpoint(text)
    except InvalidName as error:
        raise fault_error(
            str(error), remedy="write PROTOCOL/HOST:PORT, e.g. tls/router.example:7447"
        ) from error
    return text


def _word(text: str) -> str:
    if not text or any(mark.isspace() or mark in "<>&\"';," for mark in text):
        raise fault_error(
            f"{shown(text)} is no host name or address", remedy="give one name or address an item"
        )
    return text


def _interface(text: str) -> str:
    if "/" in _word(text) or (
        len(text) > _MAX_INTERFACE_CHARS and not re.fullmatch(r"[0-9a-fA-F.:%]+", text)
    ):
        raise fault_error(
            f"{shown(text)} is no interface", remedy="give a name of `ip link`, e.g. eth0, or an address"
        )
    return text


def _zenoh_id(text: str) -> str:
    if not re.fullmatch(r"[1-9a-f][0-9a-f]{0,31}", text):
        problem = f"{shown(text)} is no Zenoh id"
        raise fault_error(problem, remedy="give 1 to 32 lower-case hex digits, the first not 0")
    return text


def _off(value: object) -> object:
    return "off" if value is False else value  # YAML 1.1 reads a bare `off` as false


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Peer = Annotated[str, AfterValidator(_word)]
Interface = Annotated[str, AfterValidator(_interface)]
DiscoveryRange = Annotated[Literal["localhost", "subnet", "off"], BeforeValidator(_off)]


class RosConfig(Section):
    """The DDS side."""

    domain_id: Annotated[int, Field(strict=True, ge=0, le=_MAX_DOMAIN_ID)] = 0
    """DDS domain to bridge, 0 to 232. Environment: ROS_DOMAIN_ID."""
    enabled: StrictBool = True
    """False: no DDS at all, a pure Zenoh router."""
    discovery_range: DiscoveryRange = "subnet"
    """How far DDS discovery reaches: localhost, subnet or off (static peers only).
    Environment: ROS_AUTOMATIC_DISCOVERY_RANGE, or ROS_LOCALHOST_ONLY=1."""
    interfaces: tuple[Interface, ...] = ()
    """Network interfaces for DDS, by name or address; empty: Cyclone DDS chooses."""
    static_peers: tuple[Peer, ...] = ()
    """Hosts to look for by unicast as well. Environment: ROS_STATIC_PEERS, separated by semicolons."""
    namespace: str = "/"
    """Prefix on Zenoh for every ROS name of this side; / means none."""
    diagnostics: StrictBool = True
    """Publish /diagnostics once a second: the agent, its links, its findings."""
    cyclonedds_uri: str = ""
    """Cyclone DDS settings of your own, as XML text or file:// path; merged with ours.
    Environment: CYCLONEDDS_URI."""

    @field_validator("namespace")
    @classmethod
    def _check_namespace(cls, text: str) -> str:
        try:
            return check_namespace(text)
        except InvalidName as error:
            raise fault_error(
                str(error), remedy="write / or names of letters, digits and _, e.g. /robot1"
            ) from error


class TlsConfig(Section):
    """Certificates of tls/ and quic/ endpoints, PEM files, paths relative to the configuration file."""

    ca: str | None = None
    """Certificate authority that the other side must be signed by."""
    certificate: str | None = None
    """Our own certificate: to listen, and to connect where mutual is true."""
    private_key: str | None = None
    """Key of that certificate; readable by its owner only."""
    mutual: StrictBool = False
    """Both sides show a certificate. It must be true at both ends."""


class ZenohConfig(Section):
    """The Zenoh side."""

    dialect: Literal["ros2dds", "rmw_zenoh"] = "ros2dds"
    """Keys and tokens spoken on Zenoh: ros2dds, as zenoh-bridge-ros2dds does."""
    mode: Literal["router", "peer", "client"] = "router"
    """Role of our Zenoh session: router, peer or client. A client gives up when no router is there at
    start."""
    listen: tuple[Endpoint, ...] = ()
    """Endpoints to accept links on. A router that is told neither to listen nor to connect listens on
    tcp/127.0.0.1:7447. Neither loopback nor TLS: refused without --insecure."""
    connect: tuple[Endpoint, ...] = ()
    """Endpoints to keep links to. Neither loopback nor TLS: refused without --insecure."""
    id: Annotated[str, AfterValidator(_zenoh_id)] | None = None
    """Zenoh id of our session, up to 32 lower-case hex digits, no leading 0; null: a random one."""
    tls: TlsConfig = TlsConfig()
    """Certificates."""
    reliable_blocking: StrictBool = True
    """Samples of reliable writers wait for room on a slow link; false: they are dropped."""
    queries_timeout_s: Annotated[float, Field(strict=True, gt=0.0, le=_MAX_TIME_S)] = 5.0
    """Seconds to wait for history and replies from Zenoh."""
    link_grace_s: Annotated[float, Field(strict=True, ge=0.0, le=_MAX_TIME_S)] = 10.0
    """Seconds to keep the routes of a peer whose link broke, so that a short cut loses no endpoint."""
    lease_s: Annotated[float, Field(strict=True, ge=0.5, le=_MAX_TIME_S)] = 1.5
    """Seconds of silence after which the other side takes our link for dead; give both sides the same."""
    link_mbit_s: Annotated[float, Field(strict=True, ge=0.1, le=_MAX_MBIT_S)] | None = None
    """Megabits per second that a TCP or TLS link carries. It then sends at nine tenths of that at most, and
    priorities hold while it is full; null: as fast as the kernel lets it. Its price: a peer that stands still
    holds up other links for seconds."""
    transient_local_cache_multiplier: Annotated[int, Field(strict=True, ge=1, le=1000)] = 10
    """History kept for late joiners of a transient-local topic: this many times the writer's depth."""
    shared_memory: StrictBool = True
    """Pass large payloads between processes of one host by shared memory."""
    extra: Annotated[dict[str, JsonValue], Field(repr=False)] = {}  # noqa: RUF012  # pydantic copies it
    """Any other Zenoh options, nested or as a/b/c keys; merged last."""

    @model_validator(mode="before")
    @classmethod
    def _default_listen(cls, data: object) -> object:
        if not isinstance(data, Mapping) or data.get("mode", "router") != "router":
            return data
        alone = data.get("listen") is None and not data.get("connect")
        return {**data, "listen": [DEFAULT_LISTEN]} if alone else data

    @field_validator("dialect")
    @classmethod
    def _check_dialect(cls, dialect: str) -> str:
        if dialect == "rmw_zenoh":
            raise fault_error("the dialect rmw_zenoh is not yet supported", remedy="use ros2dds")
        return dialect

    def extra_options(self) -> tuple[tuple[str, JsonValue], ...]:
        """The raw options as (``a/b/c``, value), in the order written; an empty mapping is dropped."""
        return tuple(("/".join(key.strip("/") for key in keys), value) for keys, value in leaves(self.extra))


def leaves(options: Mapping[str, JsonValue]) -> Iterator[tuple[tuple[str, ...], JsonValue]]:
    """Every value that is no mapping, with the keys that lead to it."""
    for key, value in options.items():
        if isinstance(value, dict):
            yield from (((key, *keys), leaf) for keys, leaf in leaves(value))
        else:
            yield (key,), value


def _http_address(text: str) -> str:
    try:
        parse_address(text)
    except InvalidName as error:
        raise fault_error(str(error), remedy="write HOST:PORT, e.g. 127.0.0.1:9469") from error
    return text


class HttpConfig(Section):
    """The page for people, metrics, health: read-only."""

    listen: Annotated[str, AfterValidator(_http_address)] | None = DEFAULT_HTTP
    """HOST:PORT of the page and of /metrics, /status, /healthz, /readyz; port 0: any free one; null: none.
    Where the default is taken (by an agent of another domain, say) the agent runs without."""
    token_file: str | None = None
    """File with the token that every request but /healthz must show; required beyond loopback."""


class MetricsConfig(Section):
    """Figures of the host beside the agent's own, for hosts without an exporter of them."""

    gpu: StrictBool = False
    """NVIDIA's GPUs: utilisation and memory. Needs the extra `gpu`; dcgm-exporter tells more."""
    containers: StrictBool = False
    """Containers: processor, memory, network. Needs the extra `containers` and the right to read the Docker
    engine's socket, which is as good as root; cAdvisor tells more."""


class ControlConfig(Section):
    """The local control socket."""

    socket: str | None = None
    """Path of the Unix socket; null: $XDG_RUNTIME_DIR/zenlink/DOMAIN.sock, or /run/zenlink/ for a service."""


class TuneConfig(Section):
    """Kernel settings, see `zenlink tune`."""

    profile: Literal["robot", "station", "router", "simulator"] = "robot"
    """What this host does, and so what it has to carry."""
    action: Literal["check", "off"] = "check"
    """check: `zenlink run` looks at the kernel's settings at its start and logs what is off; it never changes
    one. off: it does not look."""

    @field_validator("action", mode="before")
    @classmethod
    def _check_action(cls, action: object) -> object:
        if action == "apply":
            raise fault_error(
                "the agent changes no kernel setting",
                remedy="use check, and run `zenlink tune apply` as root",
            )
        return _off(action)


class Config(Section):
    """The whole configuration."""

    ros: RosConfig = RosConfig()
    """The DDS side."""
    zenoh: ZenohConfig = ZenohConfig()
    """The Zenoh side."""
    rules: tuple[RuleConfig, ...] = ()
    """What may cross, and how; the first rule that matches decides, and what none matches is allowed."""
    http: HttpConfig = HttpConfig()
    """The page for people, metrics, health."""
    metrics: MetricsConfig = MetricsConfig()
    """Figures of the host beside the agent's own."""
    control: ControlConfig = ControlConfig()
    """The local control socket."""
    probe: ProbeConfig = ProbeConfig()
    """Measuring the links."""
    tune: TuneConfig = TuneConfig()
    """Kernel settings."""

    def policy(self, where: Mapping[str, str] | None = None) -> Policy:
        """The rules as the planner asks them.

        Args:
            where: Key to place, e.g. ``{"rules[0]": "bridge.yaml:14"}``, told with each decision.
        """
        places = where or {}
        labels = [f"rules[{index}]" for index in range(len(self.rules))]
        return Policy(
            rules=tuple(
                rule.rule(f"{label} ({places[label]})" if label in places else label)
                for label, rule in zip(labels, self.rules, strict=True)
            )
        )
