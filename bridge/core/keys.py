"""Which Zenoh key expression a ROS name has under a namespace, and which ROS name a key has.

Also the grammar of key expressions: what fails here must never reach Zenoh, whose own canonising
aborts on some malformed text. Must never import an adapter.
"""

from __future__ import annotations

from bridge.core.names import check_namespace, check_ros_name
from bridge.errors import InvalidName


def check_key_expr(text: str) -> None:
    """Accept a key expression in Zenoh's canonical form, wildcards included.

    Raises:
        InvalidName: says which rule is broken.

    Source: Zenoh, ``commons/zenoh-keyexpr/src/key_expr/borrowed.rs``; compared with eclipse-zenoh 1.10.2
    by a property test.
    """
    problem = _key_problem(text)
    if problem:
        raise InvalidName(f"key expression {text[:80]!r}: {problem}")


def check_route_key(text: str) -> None:
    """Accept a key that a route may use: canonical, no wildcard, no chunk that begins with ``@``.

    ``@`` chunks are Zenoh's and the bridge's own space; a peer that could name one in a token would
    have us publish tokens or admin answers for it.

    Raises:
        InvalidName: says which rule is broken.
    """
    problem = _key_problem(text)
    if not problem and ("*" in text or "$" in text):
        problem = "a route needs one key, wildcards '*', '**' and '$*' are not allowed"
    if not problem and (text.startswith("@") or "/@" in text):
        problem = "a part that begins with '@' is reserved by Zenoh"
    if problem:
        raise InvalidName(f"key {text[:80]!r}: {problem}")


def key_expr(ros_name: str, namespace: str) -> str:
    """Key of a ROS name: ``/cmd_vel`` under ``/bot1`` gives ``bot1/cmd_vel``.

    Raises:
        InvalidName: the name or the namespace is malformed.

    Source: wire specification section 2.1.
    """
    check_ros_name(ros_name)
    prefix = check_namespace(namespace)[1:]
    return prefix + ros_name if prefix else ros_name[1:]


def ros_name(key_expr: str, namespace: str) -> str:
    """ROS name of a key: ``bot1/cmd_vel`` under ``/bot1`` gives ``/cmd_vel``, under ``/`` ``/bot1/cmd_vel``.

    The namespace is cut off only where whole chunks agree: ``bot1x/foo`` under ``/bot1`` keeps its name.

    Raises:
        InvalidName: the key is no route key, its ROS name would be malformed, or the namespace is.

    Source: wire specification section 2.1.
    """
    check_route_key(key_expr)
    prefix = check_namespace(namespace)[1:] + "/"
    inside = prefix != "/" and key_expr.startswith(prefix)
    name = "/" + (key_expr[len(prefix) :] if inside else key_expr)
    check_ros_name(name)
    return name


def _key_problem(text: str) -> str:
    """What is wrong with a key expression, as a clause for a message; empty if nothing is."""
    if not text.isascii() and not _is_utf8(text):
        return "is not valid UTF-8"
    previous = ""
    for chunk in text.split("/"):
        problem = _chunk_problem(chunk)
        if problem:
            return problem
        if previous == "**" and chunk in ("*", "**"):
            return f"'**/{chunk}' must be written " + ("'**'" if chunk == "**" else "'*/**'")
        previous = chunk
    return ""


def _chunk_problem(chunk: str) -> str:
    if not chunk:
        return "empty part; no '/' at the beginning, at the end or twice in a row"
    if "#" in chunk or "?" in chunk:
        return "'#' and '?' are not allowed"
    if chunk in ("*", "**"):
        return ""
    if chunk == "$*":
        return "'$*' alone must be written '*'"
    if "$*$" in chunk:
        return "'$' is not allowed after '$*'"
    literal = chunk.replace("$*", "")
    if "*" in literal:
        return "'*' may only stand alone, as '**', or after '$'"
    if "$" in literal:
        return "'$' is only allowed in '$*'"
    return ""


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
