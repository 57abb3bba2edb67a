"""What is known about a topic is a value."""

from __future__ import annotations

from tests.builders import NAME, graph, publisher, reader, source, subscriber, writer


def test_equal_knowledge_is_an_equal_view() -> None:
    things = [writer(2), writer(1), reader(3), publisher("b"), publisher("a"), subscriber()]
    things += [source(2), source(1)]
    assert graph(*things).topic(NAME) == graph(*reversed(things)).topic(NAME)
