"""The shipped router.json5 with real sessions over mutual TLS: the allowed passes, the rest does not arrive.

A thing that does not arrive is waited for by what follows it: on the same link and with the same priority
Zenoh keeps the order, so once an allowed sample is here, a denied one before it is not late but gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zenoh

from bridge.security.authority import Role
from tests.integration.support import eventually
from tests.integration.support.fleet import Fleet, fleet

ZID = "a1b2"
TOKEN = f"@/{ZID}/@ros2_lv/MP/%s/std_msgs§msg§String/::,10:"
MARK = "mark"


@pytest.fixture(scope="module")
def router(tmp_path_factory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet")) as started:
        yield started


def keys_of(samples: list[zenoh.Sample]) -> list[str]:
    return [str(sample.key_expr) for sample in samples]


def arrived(receiver: zenoh.Session, sender: zenoh.Session, pattern: str, keys: list[str]) -> list[str]:
    """Which of `keys` a receiver of `pattern` gets when the sender puts all; the last one must arrive."""
    samples: list[zenoh.Sample] = []
    subscriber = receiver.declare_subscriber(pattern, samples.append)
    eventually(lambda: [sender.put(keys[-1], MARK), keys_of(samples)][1])
    for key in keys:
        sender.put(key, "value", congestion_control=zenoh.CongestionControl.BLOCK)
    eventually(lambda: "value" in [s.payload.to_string() for s in samples if str(s.key_expr) == keys[-1]])
    subscriber.undeclare()
    return [str(sample.key_expr) for sample in samples if sample.payload.to_string() == "value"]


def test_a_robot_publishes_under_its_own_name_alone(router: Fleet) -> None:
    keys = ["robot2/cmd_vel", "cmd_vel", "robot1x/odom", "fleet/x", "robot1/odom"]
    with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
        assert arrived(station, robot, "**", keys) == ["robot1/odom"]


def test_a_robot_and_the_probe_measure_links_and_the_probe_does_nothing_else(router: Fleet) -> None:
    added, ping = f"@/{ZID}/@zenlink/1/%s", f"@/{ZID}/@zenlink/1/probe/ping/x"
    with router.member("robot1") as robot, router.member("probe", Role.OBSERVER) as probe:
        assert arrived(probe, robot, "@/*/@zenlink/1/probe/**", [ping]) == [ping]
        with router.member("station", Role.STATION) as station:
            keys = [added % "count/cmd_vel", added % "count/robot1§odom", ping]
            assert arrived(station, probe, "@/*/@zenlink/1/**", keys) == [ping]


def test_a_robot_tells_how_much_it_sent_of_its_own_topics_alone(router: Fleet) -> None:
    """And learns how much was sent to it: the accounting of losses."""
    count = f"@/{ZID}/@zenlink/1/count/%s"
    with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
        keys = [count % "robot2§odom", count % "cmd_vel", count % "robot1§arm§joints"]
        assert arrived(station, robot, "@/*/@zenlink/1/count/**", keys) == keys[-1:]
        own = "@/*/@zenlink/1/count/robot1§cmd_vel"
        assert arrived(robot, station, own, [count % "robot1§cmd_vel"]) == [count % "robot1§cmd_vel"]
        with router.member("observer", Role.OBSERVER) as observer:
            assert arrived(observer, robot, "@/*/@zenlink/1/count/robot1§odom", [count % "robot1§odom"])


def test_an_unknown_certificate_of_the_fleet_may_do_nothing(router: Fleet) -> None:
    """It is linked, and that is all: nothing it says arrives, nothing is said to it."""
    with (
        router.member("robot7") as unknown,
        router.member("station", Role.STATION) as station,
        router.member("robot1") as robot,
    ):
        heard: list[zenoh.Sample] = []
        unknown.declare_subscriber("**", heard.append, allowed_origin=zenoh.Locality.REMOTE)
        unknown.put("robot7/odom", "value")
        unknown.put("robot1/odom", "value")
        assert arrived(station, robot, "**", ["robot1/odom"]) == ["robot1/odom"]
        assert heard == []


def test_the_station_commands_and_hears_the_robot(router: Fleet) -> None:
    with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
        assert arrived(robot, station, "robot1/**", ["robot1/cmd_vel"]) == ["robot1/cmd_vel"]


def test_a_robot_does_not_hear_another(router: Fleet) -> None:
    with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
        # Subscribing to everything is denied as a whole, so its own is subscribed to beside.
        others: list[zenoh.Sample] = []
        robot.declare_subscriber("robot2/**", others.append)
        keys = ["robot2/odom", "robot1/cmd_vel"]
        assert arrived(robot, station, "robot1/**", keys) == ["robot1/cmd_vel"]
        assert others == []


def test_programs_on_this_host_may_do_everything(router: Fleet) -> None:
    with router.member("") as local, router.member("station", Role.STATION) as station:
        assert arrived(station, local, "**", ["anything", "robot2/x"]) == ["anything", "robot2/x"]


def test_an_observer_hears_everything_and_publishes_nothing(router: Fleet) -> None:
    with (
        router.member("observer", Role.OBSERVER) as observer,
        router.member("robot1") as robot,
        router.member("station", Role.STATION) as station,
    ):
        assert arrived(observer, robot, "**", ["robot1/odom"]) == ["robot1/odom"]
        samples: list[zenoh.Sample] = []
        station.declare_subscriber("**", samples.append)
        eventually(lambda: [robot.put("robot1/odom", MARK), samples][1])
        observer.put("robot1/cmd_vel", "forbidden")
        observer.delete("robot1/cmd_vel")
        # Another link, so another order: what was forbidden has had the time of a round trip of the observer.
        assert ask(observer, "robot1/odom/@adv/**", robot, "robot1/odom/@adv/pub/a1/uhlc/_") == ["history"]
        robot.put("robot1/odom", "after")
        eventually(lambda: "after" in [sample.payload.to_string() for sample in samples])
        assert set(keys_of(samples)) == {"robot1/odom"}


def ask(asking: zenoh.Session, selector: str, serving: zenoh.Session, key: str) -> list[str]:
    """What a queryable on `key` answers to `selector`, once it is known."""

    def answer(query: zenoh.Query) -> None:
        with query:
            query.reply(key, "history")

    queryable = serving.declare_queryable(key, answer)
    try:
        return eventually(lambda: _replies(asking, selector), timeout_s=20)
    finally:
        queryable.undeclare()


def _replies(asking: zenoh.Session, selector: str) -> list[str]:
    return [
        reply.ok.payload.to_string() for reply in asking.get(selector, timeout=2.0) if reply.ok is not None
    ]


def called(router: Fleet, caller: str, role: Role, service: str, server: str = "robot1") -> bool:
    """Whether a call of a service reaches its server; a call of the station comes after it for certain."""
    calls: list[str] = []

    def answer(query: zenoh.Query) -> None:
        with query:
            calls.append(query.payload.to_string())
            query.reply(service, "done")

    with (
        router.member(server) as robot,
        router.member("station", Role.STATION) as station,
        router.member(caller, role) as session,
    ):
        robot.declare_queryable(service, answer)
        eventually(lambda: [r.ok for r in station.get(service, payload="before", timeout=2.0) if r.ok])
        found = [r.ok for r in session.get(service, payload=caller, timeout=2.0) if r.ok]
        assert [r.ok for r in station.get(service, payload="after", timeout=2.0) if r.ok]
        assert bool(found) == (caller in calls)
        return caller in calls


def test_services_are_called_by_the_station_and_not_by_an_observer(router: Fleet) -> None:
    assert called(router, "station", Role.STATION, "robot1/add_two_ints")
    assert not called(router, "observer", Role.OBSERVER, "robot1/add_two_ints")


def test_a_robot_serves_nobody_elses_service(router: Fleet) -> None:
    with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
        robot.declare_queryable("robot2/arm", lambda query: query.reply("robot2/arm", "forged"))
        assert ask(station, "robot1/arm", robot, "robot1/arm") == ["history"]
        assert _replies(station, "robot2/arm") == []


def test_history_of_transient_local_topics_passes(router: Fleet) -> None:
    with router.member("robot1") as robot, router.member("station", Role.STATION) as station:
        for key in ("robot1/map/@adv/pub/a1/uhlc/_", "robot1/map/@ros2_pub_cache/a1"):
            selector = "robot1/map/@adv/**" if "@adv" in key else "robot1/map/@ros2_pub_cache/*"
            assert ask(station, selector, robot, key) == ["history"]


def announced(router: Fleet, name: str, role: Role, tokens: list[str]) -> list[str]:
    """Which tokens of `name` the station sees; the last one must be among them."""
    seen: list[zenoh.Sample] = []
    with router.member(name, role) as member, router.member("station", Role.STATION) as station:
        for pattern in ("@/*/@ros2_lv/**", "@/*/@zenlink/1/**", "**/@adv/**"):
            station.liveliness().declare_subscriber(pattern, seen.append, history=True)
        declared = [member.liveliness().declare_token(token) for token in tokens]
        eventually(lambda: tokens[-1] in keys_of(seen))
        for token in declared:
            token.undeclare()
        return [str(sample.key_expr) for sample in seen if sample.kind == zenoh.SampleKind.PUT]


def test_a_robot_announces_its_own_topics_alone(router: Fleet) -> None:
    forbidden = [
        TOKEN % "robot2§odom",
        TOKEN % "cmd_vel",
        f"@/{ZID}/@zenlink/1/writer/robot2§map/{'0' * 32}/1",
    ]
    allowed = [
        f"@/{ZID}/@ros2_lv",
        f"@/{ZID}/@zenlink/1/agent/{'0' * 32}/active",
        f"@/{ZID}/@zenlink/1/writer/robot1§map/{'0' * 32}/1",
        "robot1/map/@adv/pub/a1b2/uhlc/_",
        f"@/{ZID}/@ros2_lv/SS/robot1§add/example_interfaces§srv§AddTwoInts",
        TOKEN % "robot1§odom",
    ]
    assert sorted(announced(router, "robot1", Role.ROBOT, [*forbidden, *allowed])) == sorted(allowed)


def test_an_observer_announces_no_publisher_and_no_service(router: Fleet) -> None:
    forbidden = [
        TOKEN % "robot1§cmd_vel",
        f"@/{ZID}/@ros2_lv/SS/robot1§add/example_interfaces§srv§AddTwoInts",
    ]
    allowed = [f"@/{ZID}/@ros2_lv", (TOKEN % "robot1§odom").replace("/MP/", "/MS/")]
    assert sorted(announced(router, "observer", Role.OBSERVER, [*forbidden, *allowed])) == sorted(allowed)


def test_robots_and_observers_see_the_tokens_of_others(router: Fleet) -> None:
    token = TOKEN % "fleet§map"
    for name, role in (("robot1", Role.ROBOT), ("observer", Role.OBSERVER)):
        seen: list[zenoh.Sample] = []
        with router.member(name, role) as member, router.member("station", Role.STATION) as station:
            declared = station.liveliness().declare_token(token)
            member.liveliness().declare_subscriber("@/*/@ros2_lv/**", seen.append, history=True)
            eventually(lambda seen=seen: token in keys_of(seen))
            declared.undeclare()
            eventually(lambda seen=seen: len(seen) == 2)


def test_nobody_from_outside_reads_or_writes_the_routers_own_space(router: Fleet) -> None:
    with router.member("station", Role.STATION) as station, router.member("") as local:
        (routers,) = {str(zid) for zid in station.info.routers_zid()}
        assert _replies(station, f"@/{routers}/router") == []
        assert _replies(local, f"@/{routers}/router") == []
