"""Nodes of two sides on fakes: announced with what crosses, published with what stands for them."""

from __future__ import annotations

import logging

import pytest

from bridge.core.extensions import InterfacesToken, NodeToken, parse_extension
from bridge.core.gid import Gid
from bridge.core.graph import Graph
from bridge.core.naming import Naming
from bridge.core.policy import Policy, Rule
from bridge.core.routespec import Direction
from bridge.nodes import NodePublisher
from bridge.nodetokens import NodeTokens
from tests.bridge.engine_stage import TOPIC, TYPE, WAIT_S, Place, listener, place, running, talker
from tests.builders import KEY, LATCHED
from tests.fakes.dds import FakeDds, FakeWriter
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


def announced(at: Place) -> set[tuple[str, str]]:
    """(node, kind of interface) of the tokens of a place; the kind is empty for the node itself."""
    tokens = [parse_extension(key) for key in list(at.zenoh.tokens) if "/@zenlink/1/node/" in key]
    found = set()
    for token in tokens:
        if isinstance(token, InterfacesToken):
            found |= {(token.node, one.kind.value) for one in token.interfaces}
        elif isinstance(token, NodeToken):
            found.add((token.node, "" if token.interface is None else token.interface.kind.value))
    return found


def claiming(at: Place, full_name: str = "/talker") -> tuple[FakeDds, FakeWriter]:
    """A node with a publisher on the topic."""
    node = at.node(full_name)
    writer = talker(node)
    node.announce_node(readers=(), writers=[writer.gid])
    return node, writer


def shown(at: Place) -> dict[str, tuple[int, int]]:
    """What the domain of a place is told of our participant: node to number of its (readers, writers)."""
    entities = at.dds._entities
    assert entities is not None
    return {node.full_name: (len(node.readers), len(node.writers)) for node in entities.nodes}


def pair() -> tuple[Place, Place]:
    network = FakeNetwork()
    return place(network=network, zid="a1"), place(network=network, zid="b2")


def test_a_node_is_announced_with_what_crosses_and_retired_with_it():
    robot = place()
    with running(robot):
        node, _ = claiming(robot, "/arm/camera")
        eventually(lambda: announced(robot) == {("arm/camera", ""), ("arm/camera", "MP")}, WAIT_S)
        [token] = [key for key in robot.zenoh.tokens if "/MP/" in key and "@zenlink" in key]
        assert token == str(
            parse_extension(
                f"@/c3/@zenlink/1/node/{node.participant}/arm§camera/MP/{KEY}/std_msgs§msg§String"
            )
        )
        node.crash()
        eventually(lambda: announced(robot) == set(), WAIT_S)


def test_what_nobody_claims_and_what_agents_publish_is_not_announced():
    robot = place()
    with running(robot):
        talker(robot.node())
        agent = robot.domain.side(user_data=b"enclave=/;zenlink=d4;")
        agent.node = "/zenlink"
        agent.start(lambda _event: None)
        writer = talker(agent)
        agent.announce_node(readers=(), writers=[writer.gid])
        eventually(robot.observer.routes, WAIT_S)
        robot.pass_time(1.0)
        assert announced(robot) == set()


def test_what_a_rule_keeps_here_is_not_announced():
    by_node = Rule(label="rules[0]", node="/secret", direction=Direction.EGRESS, allow=False)
    by_name = Rule(label="rules[1]", name="/hidden", allow=False)
    robot = place(policy=Policy(rules=(by_node, by_name)))
    with running(robot):
        secret = robot.node("/secret")
        written = talker(secret)
        read, _ = listener(secret)
        secret.announce_node(readers=[read.gid], writers=[written.gid])
        half = robot.node("/half")
        gids = [
            half.open_writer(dds_topic=topic, dds_type=TYPE, keyed=False, qos=LATCHED).gid
            for topic in (TOPIC, "rt/hidden")
        ]
        half.announce_node(readers=(), writers=gids)
        eventually(lambda: announced(robot) == {("half", ""), ("half", "MP")}, WAIT_S)
        robot.pass_time(1.0)
        assert announced(robot) == {("half", ""), ("half", "MP")}
        robot.engine.reload(Policy())
        eventually(
            lambda: (
                announced(robot)
                == {("half", ""), ("half", "MP"), ("secret", ""), ("secret", "MP"), ("secret", "MS")}
            ),
            WAIT_S,
        )


def test_a_far_node_is_published_with_the_endpoints_that_stand_for_its_own():
    robot, station = pair()
    with running(robot, station):
        claiming(robot)
        listener(station.node())
        station.until(lambda: shown(station) == {"/zenlink": (0, 0), "/talker": (0, 1)})


def test_the_far_subscriber_is_published_with_our_reader():
    robot, station = pair()
    with running(robot, station):
        node = station.node("/listener")
        reader, _ = listener(node)
        node.announce_node(readers=[reader.gid], writers=())
        claiming(robot)
        robot.until(lambda: shown(robot) == {"/zenlink": (0, 0), "/listener": (1, 0)})
        station.until(lambda: shown(station) == {"/zenlink": (0, 0), "/talker": (0, 1)})


def test_what_nobody_claims_stays_with_our_own_node():
    robot, station = pair()
    with running(robot, station):
        talker(robot.node(""))
        listener(station.node())
        station.until(lambda: shown(station) == {"/zenlink": (0, 1)})


def test_each_latched_writer_stands_for_its_own_node():
    robot, station = pair()
    with running(robot, station):
        gids = {}
        for name in ("/one", "/two"):
            node = robot.node(name)
            writer = node.open_writer(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=LATCHED)
            node.announce_node(readers=(), writers=[writer.gid])
            gids[name] = writer.gid
        # The common writer stands for bridges that do not announce their writers.
        station.until(lambda: shown(station) == {"/zenlink": (0, 1), "/one": (0, 1), "/two": (0, 1)})
        assert station.dds._entities is not None
        assert len({gid for node in station.dds._entities.nodes for gid in node.writers}) == 3


def test_a_dead_node_is_gone_at_once_while_its_route_waits():
    robot, station = pair()
    with running(robot, station):
        node, _ = claiming(robot)
        station.until(lambda: "/talker" in shown(station))
        node.crash()
        station.until(lambda: "/talker" not in shown(station))


def test_after_a_cut_the_far_nodes_are_gone_and_back_once_after_it_though_the_routes_stay():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        claiming(robot)
        station.until(lambda: shown(station) == {"/zenlink": (0, 0), "/talker": (0, 1)})
        opened = station.dds.opened
        network.cut(robot.zenoh, station.zenoh)
        station.until(lambda: shown(station) == {"/zenlink": (0, 1)})
        network.mend(robot.zenoh, station.zenoh, last_first=True)
        station.until(lambda: shown(station) == {"/zenlink": (0, 0), "/talker": (0, 1)})
        assert station.dds.opened == opened


def test_a_node_that_is_on_our_own_domain_is_not_shown_a_second_time():
    network = FakeNetwork()
    robot = place(network=network, zid="a1")
    station = place(network=network, zid="b2")
    with running(robot, station):
        node, _ = claiming(robot)
        station.until(lambda: "/talker" in shown(station))
        station.dds._emit(parsed_participant(node))  # type: ignore[misc]
        station.until(lambda: "/talker" not in shown(station))


def parsed_participant(node: FakeDds):
    from bridge.core.events import ParticipantDiscovered

    return ParticipantDiscovered(gid=node.participant, user_data=b"enclave=/;")


def test_a_spare_neither_announces_nor_shows_nodes_until_it_takes_over():
    network = FakeNetwork()
    robot = place(network=network, zid="a1")
    first = place(network=network, zid="b2")
    second = place(network=network, zid="c3", domain=first.domain)
    with running(robot, first), running(second):
        claiming(robot)
        claiming(first, "/rviz")
        first.until(lambda: "/talker" in shown(first))
        robot.until(lambda: shown(robot).get("/rviz") is not None)
        assert set(shown(second)) == {"/zenlink"}
        assert announced(second) == set()
        assert second.engine.graph.foreign_bridges() == ()
        first.engine.close()
        first.dds.close()
        first.zenoh.close()
        second.until(lambda: "/talker" in shown(second))
        robot.until(lambda: list(shown(robot)) == ["/zenlink", "/rviz"])


def test_nodes_of_a_far_rust_bridge_do_not_make_a_neighbour_stand_by():
    network = FakeNetwork()
    robot = place(network=network, zid="a1")
    first = place(network=network, zid="b2")
    second = place(network=FakeNetwork(), zid="c3", domain=first.domain)
    with running(robot, first, second):
        robot.zenoh.announce(f"@/a1/@zenlink/1/node/{'01' * 16}/zenoh_bridge_ros2dds")
        robot.zenoh.announce(
            f"@/a1/@zenlink/1/node/{'01' * 16}/zenoh_bridge_ros2dds/MP/{KEY}/std_msgs§msg§String"
        )
        first.until(lambda: "/zenoh_bridge_ros2dds" in shown(first))
        second.pass_time(1.0)
        assert second.engine.graph.foreign_bridges() == ()


def test_wide_gids_are_written_where_most_nodes_are_of_humble():
    robot, station = pair()
    with running(robot, station):
        claiming(robot)
        station.until(lambda: "/talker" in shown(station))
        assert station.dds._entities is not None
        assert station.dds._entities.gid_size == 16
        for number in range(2):
            station.node(f"/humble{number}").announce_node(readers=(), writers=(), gid_width=24)
        station.node("/jazzy")
        station.until(lambda: station.dds._entities.gid_size == 24)  # type: ignore[union-attr]


def test_a_node_that_cannot_be_announced_crosses_all_the_same(caplog: pytest.LogCaptureFixture):
    robot, station = pair()
    with running(robot, station), caplog.at_level(logging.WARNING):
        node = robot.node("/talker")
        writer = talker(node)
        eventually(robot.observer.routes, WAIT_S)
        robot.zenoh.refusals.add("announce")
        node.announce_node(readers=(), writers=[writer.gid])
        eventually(lambda: "is not announced" in caplog.text, WAIT_S)
        robot.zenoh.refusals.clear()
        [route] = robot.observer.routes()
        assert route.status.state.value == "routed"
        read, _ = listener(node)
        node.announce_node(readers=[read.gid], writers=[writer.gid])
        eventually(lambda: announced(robot) == {("talker", ""), ("talker", "MP"), ("talker", "MS")}, WAIT_S)


def test_publishing_takes_a_tenth_of_the_time_at_most():
    """Each look costs as much as there is: while a thousand topics open, it would take half of all time."""
    now_s, published = [100.0], []

    class Slow:
        def announce_node(self, **_kwargs):
            now_s[0] += 0.05
            published.append(now_s[0])

    publisher = NodePublisher(
        dds=Slow(),
        graph=Graph(naming=Naming()),
        stand_ins=tuple,
        namespace="/",
        default_width=16,
        clock_s=lambda: now_s[0],
    )
    looks = []

    def gids():
        looks.append(now_s[0])
        return ((Gid(bytes([len(published)] * 16)),), ())

    for _ in range(200):
        publisher.publish(now_s[0], policy=Policy(), naming=Naming(), routing=False, gids=gids)
        now_s[0] += 0.01
    # Not at every turn of the engine: to look takes the longer, the more there are.
    assert len(looks) == len(published)
    assert len(published) == pytest.approx(now_s[0] / 0.55 - 100 / 0.55, abs=1)
    assert publisher.next_due_s() == pytest.approx(published[-1] - 0.05 + 0.5)


class Counted(NodeToken):
    """Counts how often any of them was looked up."""

    looks = 0

    def __hash__(self) -> int:
        Counted.looks += 1
        return super().__hash__()


class GivenTokens(NodeTokens):
    """Of routes that are their own tokens."""

    def _tokens(self, route, policy):
        return [route]


def test_a_name_more_costs_the_same_beside_a_thousand():
    """Seconds, while a thousand topics open one after the other, if each looks at all that are announced."""
    tokens = GivenTokens(zenoh=FakeNetwork().session("a1"), graph=Graph(naming=Naming()), namespace="/")
    costs = []
    for number in range(1000):
        before = Counted.looks
        token = Counted(zid="a1", participant=Gid(bytes(16)), node=f"n{number}")
        tokens.follow(f"/t{number}", [token], Policy())
        tokens.announce()
        costs.append(Counted.looks - before)
    assert costs[-1] == costs[0] > 0
