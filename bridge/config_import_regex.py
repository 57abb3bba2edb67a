"""Regular expressions of zenoh-bridge-ros2dds as ours, which match the whole name.

Pure. There they are Rust's, and searched for in the name; allow and deny are wrapped in ``^…$`` first, as
text, so that ``a|b`` means ``^a`` or ``b$``. That is kept. ROS names are ASCII without line breaks, so
``.*`` covers whatever stands around.

Source: wire specification 7.1 and 7.2; docs.rs/regex, "Syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

ANYTHING = ".*"

_LITERAL = re.compile(r"[A-Za-z0-9_/]*")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_OTHER_MEANINGS = (
    (r"\[\^?\]?[^\]]*(\[|&&|--|~~)", "sets within [ ] are Rust's", "write the characters out"),
    (r"[*+?}]\+", "a + behind a repetition is Rust's", "put what repeats in brackets: (?:…)+"),
    (r"\(\?[a-zA-Z-]*\)", "flags for all that follows are Rust's", "write (?i:…) around it"),
)
"""What Python reads otherwise than Rust or, by version, not at all."""


def regex_problem(text: str) -> tuple[str, str] | None:
    """Why `text` cannot be taken over, and what to write instead; ``None`` where it can."""
    bare = _ESCAPED.sub("", text)
    for other, problem, remedy in _OTHER_MEANINGS:
        if re.search(other, bare):
            return problem, remedy
    try:
        re.compile(text)
    except re.error as error:
        return f"not readable here: {error}", "write it without what only Rust knows"
    return None


def searched(text: str) -> str:
    """Matches the names in which `text` is found."""
    found: list[str] = []
    for alternative in _alternatives(text):
        whole = _whole(alternative)
        if whole == ANYTHING:
            return ANYTHING
        if whole not in found:
            found.append(whole)
    return "|".join(found)


def anchored(texts: Sequence[str]) -> str:
    """Matches the names that one of `texts` is about, as allow and deny read them."""
    return searched("|".join(f"^{text}$" for text in texts))


def half_anchored(text: str) -> bool:
    """Whether the anchors that allow and deny put around `text` bind closer than a ``|`` in it."""
    return not all(part.startswith("^") and part.endswith("$") for part in _alternatives(f"^{text}$"))


def hopeless(whole: str) -> bool:
    """Whether a match of whole names is a word without the ``/`` that each of them begins with."""
    return re.fullmatch(r"\w[\w/]*", whole) is not None


def both(one: str, other: str) -> str | None:
    """Matches what both match; ``None`` where that is certainly nothing."""
    if one in (ANYTHING, other):
        return other
    if other == ANYTHING:
        return one
    for literal, pattern in ((one, other), (other, one)):
        if _LITERAL.fullmatch(literal):
            return literal if re.fullmatch(pattern, literal) else None
    return f"(?={_grouped(one)}$){_grouped(other)}"


def neither(text: str) -> str:
    """Matches what `text` does not match."""
    return f"(?!{_grouped(text)}$){ANYTHING}"


def _grouped(text: str) -> str:
    return f"(?:{text})" if "|" in text else text


def _alternatives(text: str) -> Iterator[str]:
    """The parts between the ``|`` that stand in no bracket."""
    depth, begin = 0, 0
    for token in re.finditer(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", text, re.DOTALL):
        if token[0] == "(":
            depth += 1
        elif token[0] == ")":
            depth -= 1
        elif token[0] == "|" and depth == 0:
            yield text[begin : token.start()]
            begin = token.end()
    yield text[begin:]


def _whole(alternative: str) -> str:
    """One alternative of a search as a match of the whole name."""
    after_begin = alternative.lstrip("^")
    body = after_begin.rstrip("$")
    if body != after_begin and _escapes_next(body):
        body += "$"
    begins, ends = after_begin != alternative, body != after_begin
    if not body:
        return "" if begins and ends else ANYTHING
    before = "" if begins or body.startswith(ANYTHING) else ANYTHING
    open_ended = body.endswith(ANYTHING) and not _escapes_next(body.removesuffix(ANYTHING))
    return before + body + ("" if ends or open_ended else ANYTHING)


def _escapes_next(text: str) -> bool:
    """Whether `text` ends with a backslash that is not escaped itself."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
