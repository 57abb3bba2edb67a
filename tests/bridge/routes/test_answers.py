"""What was answered is known for a while, bounded in number, bytes and time."""

from __future__ import annotations

from bridge.routes.answers import Answers

ONE, TWO, THREE = (("add", bytes([number]) * 16) for number in range(3))


def test_an_answer_is_found_by_its_service_and_header_while_it_is_kept() -> None:
    answers = Answers(keep_s=10.0)
    answers.keep(ONE, b"a", 0.0)
    assert answers.find(ONE, 9.9) == b"a"
    assert answers.find(("other", ONE[1]), 0.0) is None
    assert answers.find(TWO, 0.0) is None
    assert answers.find(ONE, 10.0) is None


def test_the_oldest_make_room() -> None:
    answers = Answers(max_answers=2)
    for request in (ONE, TWO, THREE):
        answers.keep(request, b"a", 0.0)
    assert [answers.find(request, 0.0) for request in (ONE, TWO, THREE)] == [None, b"a", b"a"]


def test_bytes_are_bounded_and_one_that_is_too_large_is_not_kept() -> None:
    answers = Answers(max_bytes=10)
    answers.keep(ONE, bytes(6), 0.0)
    answers.keep(ONE, bytes(4), 0.0)
    answers.keep(TWO, bytes(6), 0.0)
    assert (answers.find(ONE, 0.0), answers.find(TWO, 0.0)) == (bytes(4), bytes(6))
    answers.keep(THREE, bytes(11), 0.0)
    assert len(answers) == 0


def test_what_is_out_of_date_is_forgotten_with_the_next_answer() -> None:
    answers = Answers(keep_s=10.0)
    answers.keep(ONE, b"a", 0.0)
    answers.keep(TWO, b"a", 10.0)
    assert len(answers) == 1
