"""Answers of other versions, and of hostile names, as text."""

from __future__ import annotations

import pytest

from bridge.cli import views


@pytest.mark.parametrize("answer", [None, {}, [], 5, "x", {"routes": 5, "links": "x", "findings": [None]}])
def test_an_answer_of_another_version_never_fails(answer, capsys):
    views.print_status(answer)
    views.print_routes(answer)
    views.print_routes([answer])
    views.print_nodes([answer])
    views.print_explanation(answer)
    assert not views.crossing(answer)
    assert not views.readiness(answer).ready
    assert capsys.readouterr().out


def test_a_name_cannot_steer_the_terminal(capsys):
    name = "/a\x1b[2J\nb"
    views.print_nodes([{"name": name}])
    views.print_explanation({"name": name, "verdict": name, "facts": [name], "remedy": name})
    views.print_status({"namespace": name, "findings": [{"text": name}]})
    assert "\x1b" not in capsys.readouterr().out


def test_versions_load_nothing():
    assert views.versions()["python"]
