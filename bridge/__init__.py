"""zenlink carries ROS 2 traffic (DDS) over Zenoh: the architecture on one page.

Five nouns:

* **Sample**: the bytes one ROS node published, with their source writer and source time. Never decoded.
* **Route**: one ROS name carried one way, *egress* (DDS to Zenoh) or *ingress* (Zenoh to DDS).
* **Graph**: who publishes and subscribes on both sides, as known now; folded from events.
* **Plan**: the routes wanted for that graph under the operator's rules.
* **Status**: why each route crosses or does not; one value, read by every observer.

Three rings; imports point inwards, and import-linter keeps it so:

* ``core/`` is pure: values, codecs, decisions. No socket, thread, clock or third-party library.
* ``ports.py`` says what the core needs of the world, as Protocols.
* ``dds/``, ``zenoh/`` and ``ros/`` adapt cyclonedds, zenoh and rclpy; ``routes/`` joins two adapters through
  the ports and never names a library. Left never meets right.

``engine.py`` owns graph and routes in one thread, and ``observe/`` tells what it has there. ``agent.py``
composes everything from a configuration (``config*.py``) out of its parts (``agent_*.py``), and ``cli/`` is
what a person types; ``control.py`` is how the one asks the other.
``lifecycle/`` is a managed ROS node that runs an agent while it is active.

**A sample crosses.** A ROS node publishes; ``dds/pump.py`` wakes, takes the bytes and finds the route, which
looks at four of them (``core/cdr.py``), queues them within a bound, puts them on Zenoh with their origin, and
counts. Nothing on that line decodes, logs or waits for another route. The way back is the same list read in
a mirror.

**A topic appears.** ``dds/discovery.py`` reports a writer; the engine folds it into ``core/graph.py``;
``core/planner.py`` asks ``core/policy.py`` and wants a route; the engine opens it through ``ports.py`` and
announces it with a token (``zenoh/tokens.py``); the far bridge sees the token and takes the same steps.
``zenlink explain /chatter`` prints that chain with the rule that decided.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("zenlink")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"
