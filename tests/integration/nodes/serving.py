"""The script's side of `support.ros_node`: answers calls, a line of JSON each, until its input ends.

Needs nothing but Python, so that any node of any ROS distribution can use it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

Functions = Mapping[str, Callable[..., Any]]


def serve(main: Callable[..., AbstractContextManager[Functions]]) -> None:
    """Run a script.

    Args:
        main: context manager, called with the keyword arguments of `support.ros_node`; gives the functions
            that can be called by name, on the main thread.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is for the log
    with main(**json.loads(sys.argv[1])) as functions:
        _tell(answers, result=sorted(functions))
        for request in _requests():
            try:
                result = functions[request["command"]](**request["args"])
            except Exception as error:  # noqa: BLE001 - the caller hears of it
                traceback.print_exc()
                _tell(answers, error=f"{type(error).__name__}: {error}")
            else:
                _tell(answers, result=result)


def _requests() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def _tell(answers: Any, **reply: Any) -> None:
    answers.write(json.dumps(reply) + "\n")
    answers.flush()
