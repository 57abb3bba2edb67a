"""TRANSIENT_LOCAL behaves across the link as at home: a late joiner gets each writer's own history, once."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node

TOPIC = "/static"
LATCHED = {"topic": TOPIC, "transient_local": True}
PROCESSES = 5
WRITERS_EACH = 5
LISTENER_DEPTH = 200
END = "end"
"""The last text of each writer: what came doubled came before it."""


@contextlib.contextmanager
def talkers(domain: int, *, depth: int, texts: list[str], prefix: str = "") -> Iterator[list[RosNode]]:
    """25 publishers in five processes, which have published already."""
    with contextlib.ExitStack() as started:
        nodes = []
        for process in range(PROCESSES):
            nodes.append(
                started.enter_context(
                    ros_node("talker", domain=domain, writers=names(process, prefix), depth=depth, **LATCHED)
                )
            )
            nodes[-1].call("publish", texts=texts)
        yield nodes


@contextlib.contextmanager
def listeners(domain: int, count: int) -> Iterator[list[RosNode]]:
    with contextlib.ExitStack() as started:
        yield [
            started.enter_context(ros_node("listener", domain=domain, depth=LISTENER_DEPTH, **LATCHED))
            for _ in range(count)
        ]


def by_writer(listener: RosNode) -> dict[str, list[str]]:
    found = defaultdict(list)
    for message in listener.call("received"):
        writer, _, text = message.partition(":")
        found[writer].append(text)
    return dict(found)


def all_writers(texts: list[str], prefix: str = "") -> dict[str, list[str]]:
    return {name: texts for process in range(PROCESSES) for name in names(process, prefix)}


def names(process: int, prefix: str) -> list[str]:
    return [f"{prefix}w{process}_{writer}" for writer in range(WRITERS_EACH)]


def wait_for(listener: RosNode, texts: list[str], prefix: str = "") -> None:
    """Until each writer's last text has come; then all of them must be as sent: none lost, none doubled."""
    wanted = all_writers(texts, prefix)

    def complete() -> bool:
        found = by_writer(listener)
        missing = {writer for writer in wanted if texts[-1] not in found.get(writer, ())}
        assert not missing, f"waiting for {len(missing)} of {len(wanted)} writers: {found}"
        return True

    eventually(complete)
    assert by_writer(listener) == wanted


@contextlib.contextmanager
def two_agents() -> Iterator[tuple[Agent, Agent]]:
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        agent(domain=station, connect=[left]) as right,
    ):
        yield left, right


@pytest.mark.parametrize("texts", [["0"], ["0", "1", "2"]], ids=["one_sample", "three_samples"])
def test_late_listeners_get_the_history_of_all_25_writers_in_order_and_once(texts: list[str]) -> None:
    with (
        two_agents() as (left, right),
        talkers(left.domain, depth=len(texts), texts=texts) as nodes,
        listeners(right.domain, 2) as late,
    ):
        for listener in late:
            wait_for(listener, texts)
        with listeners(right.domain, 1) as (
            later,
        ):  # the agents have it now: from them, not from the writers
            wait_for(later, texts)
            for node in nodes:
                node.call("publish", texts=[END])
            for listener in [*late, later]:
                wait_for(listener, [*texts, END])


def test_a_listener_that_joins_after_a_restart_of_the_writers_gets_nothing_of_the_old_ones() -> None:
    with two_agents() as (left, right), listeners(right.domain, 1) as (early,):
        with talkers(left.domain, depth=1, texts=["0"], prefix="old"):
            wait_for(early, ["0"], "old")
        with talkers(left.domain, depth=1, texts=["0"], prefix="new") as nodes:
            eventually(lambda: all_writers(["0"], "new").items() <= by_writer(early).items())
            with listeners(right.domain, 2) as late:
                for listener in late:
                    wait_for(listener, ["0"], "new")
                for node in nodes:
                    node.call("publish", texts=[END])
                for listener in late:
                    wait_for(listener, ["0", END], "new")
            assert by_writer(early) == all_writers(["0"], "old") | all_writers(["0", END], "new")


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_restart_of_the_writers_agent_neither_loses_nor_doubles_history(how: str) -> None:
    texts = ["0", "1", "2"]
    with (
        two_agents() as (left, right),
        talkers(left.domain, depth=len(texts), texts=texts) as nodes,
        listeners(right.domain, 1) as (early,),
    ):
        wait_for(early, texts)
        if how == "stopped":
            left.stop()
        else:
            left.kill()
        left.start()
        with listeners(right.domain, 2) as late:
            for listener in late:
                wait_for(listener, texts)
            eventually(
                lambda: [node.call("subscribers") for node in nodes] == [[1] * WRITERS_EACH] * PROCESSES
            )
            for node in nodes:
                node.call("publish", texts=[END])
            for listener in [early, *late]:
                wait_for(listener, [*texts, END])


def test_a_late_listener_gets_as_much_as_the_announced_depth_of_each_writer() -> None:
    """Cyclone DDS announces it; five samples were written, the last three are history."""
    depth, texts = 3, ["0", "1", "2", "3", "4"]
    with two_agents() as (left, right), contextlib.ExitStack() as started:
        for number in range(PROCESSES):
            writer = started.enter_context(
                ros_node(
                    "cyclone", domain=left.domain, name=f"w{number}", publish_on=[LATCHED | {"depth": depth}]
                )
            )
            writer.call("publish", topic=TOPIC, texts=[f"w{number}:{text}" for text in texts])
        wanted = {f"w{number}": texts[-depth:] for number in range(PROCESSES)}
        with listeners(right.domain, 2) as late:
            for listener in late:
                eventually(lambda one=listener: by_writer(one) == wanted)
            with ros_node(
                "cyclone", domain=right.domain, subscribe_to=[LATCHED | {"depth": LISTENER_DEPTH}]
            ) as later:
                eventually(lambda: len(later.call("received", topic=TOPIC)) >= depth * PROCESSES)
                assert sorted(later.call("received", topic=TOPIC)) == sorted(
                    f"{writer}:{text}" for writer, kept in wanted.items() for text in kept
                )
            for listener in late:
                assert by_writer(listener) == wanted
