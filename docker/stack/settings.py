"""The variables of the stack: what each may be, and whether it is.

Compose puts variables into its file without a look at them: a mistyped address would be found by whatever
fails first. So the first container of the stack reads all of them and names each that is wrong.
`.env.example`, `compose.yaml` and `docs/deployment.md` have the same variables with the same defaults; tests
hold them to it. Standard library alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?")
_NAMESPACE = re.compile(r"/|(/[A-Za-z_][A-Za-z0-9_]*)+")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One variable."""

    name: str
    default: str
    wanted: str
    """What it may be, in words, for the person who got it wrong."""
    good: Callable[[str], bool]


def _number(low: int, high: int) -> Callable[[str], bool]:
    return lambda text: text.isascii() and text.isdigit() and low <= int(text) <= high


def _one_of(*choices: str) -> Callable[[str], bool]:
    return lambda text: text in choices


def _like(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 4
    except ValueError:
        return False


def _network(text: str) -> bool:
    try:
        return ipaddress.ip_network(text).prefixlen <= 28
    except ValueError:
        return False


def _each(good: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: all(good(part) for part in text.split(",") if text)


def _host(text: str) -> bool:
    return _address(text) or _HOST.fullmatch(text) is not None


def _setting(name: str, default: str, wanted: str, good: Callable[[str], bool]) -> Setting:
    return Setting(name=name, default=default, wanted=wanted, good=good)


def _anything(_: str) -> bool:
    return True


_IMAGE_TEXT = "an image, NAME:TAG or NAME:TAG@sha256:DIGEST"
_PORT, _PORT_TEXT = _number(1, 65535), "a port, 1 to 65535"
_ADDRESS_TEXT = "an IPv4 address"
_MEMORY, _MEMORY_TEXT = _like(re.compile(r"[1-9][0-9]*[mg]")), "a size such as 512m or 2g"

SETTINGS: tuple[Setting, ...] = (
    _setting("ZENLINK_IMAGE", "zenlink/bridge:0.1.0", _IMAGE_TEXT, _like(_IMAGE)),
    _setting("ROUTER_IMAGE", "zenlink/bridge:0.1.0", _IMAGE_TEXT, _like(_IMAGE)),
    _setting(
        "ROUTER_COMMAND",
        "run -c /config/router.json5 --http 0.0.0.0:9469 --http-token /etc/zenlink/http.token",
        "the arguments of the router's image",
        bool,
    ),
    _setting("ROUTER_BIND", "0.0.0.0", _ADDRESS_TEXT, _address),  # noqa: S104  # robots come from outside
    _setting("ROUTER_PORT", "443", _PORT_TEXT, _PORT),
    _setting("ROUTER_NAMES", "", "names or addresses of this host, with commas between", _each(_host)),
    _setting("EDGE_SUBNET", "172.30.7.0/24", "an IPv4 network of /28 or larger", _network),
    _setting("EDGE_GATEWAY", "172.30.7.1", _ADDRESS_TEXT, _address),
    _setting("ROUTER_ADDRESS", "172.30.7.10", _ADDRESS_TEXT, _address),
    _setting("MONITORING_SUBNET", "172.30.8.0/24", "an IPv4 network of /28 or larger", _network),
    _setting("CERT_DAYS", "90", "days, 1 to 3650", _number(1, 3650)),
    _setting("BRIDGE_NAME", "station", "a name of letters, digits, `.`, `_`, `-`", _like(_NAME)),
    _setting("BRIDGE_ROLE", "station", "robot, station or observer", _one_of("robot", "station", "observer")),
    _setting("BRIDGE_NAMESPACE", "/", "a ROS namespace, e.g. /robot1", _like(_NAMESPACE)),
    _setting("ROS_DOMAIN_ID", "0", "a DDS domain, 0 to 232", _number(0, 232)),
    _setting(
        "ROS_AUTOMATIC_DISCOVERY_RANGE",
        "SUBNET",
        "SUBNET, LOCALHOST or OFF",
        _one_of("SUBNET", "LOCALHOST", "OFF"),
    ),
    _setting("BRIDGE_HTTP_PORT", "9469", _PORT_TEXT, _PORT),
    _setting("TUNE_PROFILE", "station", "robot, station, router or simulator",
             _one_of("robot", "station", "router", "simulator")),
    _setting("ISAAC_IMAGE", "zenlink/isaac-sim:6.0.1", _IMAGE_TEXT, _like(_IMAGE)),
    _setting("ACCEPT_EULA", "", "empty, or Y for: I accept NVIDIA's licence", _one_of("", "Y")),
    _setting("PRIVACY_CONSENT", "", "empty, or Y", _one_of("", "Y")),
    _setting("ISAACSIM_HOST", "127.0.0.1", _ADDRESS_TEXT, _address),
    _setting("ISAACSIM_SIGNAL_PORT", "49100", _PORT_TEXT, _PORT),
    _setting("ISAACSIM_STREAM_PORT", "47998", _PORT_TEXT, _PORT),
    _setting("SIM_MEMORY", "32g", _MEMORY_TEXT, _MEMORY),
    _setting("PROMETHEUS_IMAGE", "prom/prometheus:v3.5.0", _IMAGE_TEXT, _like(_IMAGE)),
    _setting("ALERTMANAGER_IMAGE", "prom/alertmanager:v0.28.1", _IMAGE_TEXT, _like(_IMAGE)),
    _setting("GRAFANA_IMAGE", "grafana/grafana:12.1.1", _IMAGE_TEXT, _like(_IMAGE)),
    _setting("NODE_EXPORTER_IMAGE", "prom/node-exporter:v1.9.1", _IMAGE_TEXT, _like(_IMAGE)),
    _setting("CADVISOR_IMAGE", "gcr.io/cadvisor/cadvisor:v0.52.1", _IMAGE_TEXT, _like(_IMAGE)),
    _setting(
        "DCGM_IMAGE", "nvcr.io/nvidia/k8s/dcgm-exporter:4.2.3-4.1.3-ubuntu22.04", _IMAGE_TEXT, _like(_IMAGE)
    ),
    _setting("PROMETHEUS_PORT", "9090", _PORT_TEXT, _PORT),
    _setting("PROMETHEUS_KEEP", "15d", "a time such as 15d or 12h", _like(re.compile(r"[1-9][0-9]*[hdwy]"))),
    _setting("ALERTMANAGER_PORT", "9093", _PORT_TEXT, _PORT),
    _setting("GRAFANA_PORT", "3000", _PORT_TEXT, _PORT),
    _setting("BACKUP_DIR", "./backups", "a folder of this host", bool),
    _setting("BACKUP_KEEP_DAYS", "7", "days, 1 to 3650", _number(1, 3650)),
    _setting("RESTORE_FILE", "", "empty for the newest, or the name of an archive",
             _like(re.compile(r"|[\w.-]+\.tar\.gz"))),
    _setting("RESTORE_OVERWRITE", "no", "yes or no", _one_of("yes", "no")),
)  # fmt: skip


def faults(env: Mapping[str, str]) -> Iterator[str]:
    """One line for each variable that is wrong, alone or beside another."""
    sound = True
    for setting in SETTINGS:
        value = env.get(setting.name, setting.default)
        if not setting.good(value):
            sound = False
            default = setting.default or "empty"
            yield f"{setting.name}={value}: should be {setting.wanted} (default: {default})"
    if sound:
        yield from _between({setting.name: env.get(setting.name, setting.default) for setting in SETTINGS})


def _between(value: Mapping[str, str]) -> Iterator[str]:
    edge = ipaddress.ip_network(value["EDGE_SUBNET"])
    for name in ("EDGE_GATEWAY", "ROUTER_ADDRESS"):
        if ipaddress.ip_address(value[name]) not in edge:
            yield f"{name}={value[name]}: is not in EDGE_SUBNET={edge}"
    if value["EDGE_GATEWAY"] == value["ROUTER_ADDRESS"]:
        yield f"ROUTER_ADDRESS={value['ROUTER_ADDRESS']}: is the gateway's own"
    if edge.overlaps(ipaddress.ip_network(value["MONITORING_SUBNET"])):
        yield f"MONITORING_SUBNET={value['MONITORING_SUBNET']}: overlaps EDGE_SUBNET={edge}"
    if value["BRIDGE_ROLE"] == "robot" and value["BRIDGE_NAMESPACE"] == "/":
        yield "BRIDGE_NAMESPACE=/: a robot needs one of its own, or its topics mix with those of others"
