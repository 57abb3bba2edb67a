"""A configuration of zenoh-bridge-ros2dds or zenohd (JSON5) as one of ours.

Pure: text in, :class:`~bridge.config_yaml.Document` out, as if it had been read from YAML, with the lines of
the original and notes on what has no equal here. Whoever migrates keeps the file and loses nothing silently.
"""

from __future__ import annotations

from pathlib import Path

from bridge.config_draft import Draft
from bridge.config_import_ros2dds import PLUGIN, import_plugin
from bridge.config_import_zenoh import import_zenoh
from bridge.config_json5 import parse_json5
from bridge.config_yaml import Document

_NO_PLUGINS = "Zenoh inside Python loads no plugins"


def import_document(text: str, *, file: str, folder: Path, mode: str | None = None) -> Document:
    """What `text` asks for, in our words.

    Args:
        text: JSON5, with Zenoh's keys at the top and the bridge's under ``plugins.ros2dds``. Without that it
            is a pure router's, or whatever else its mode says.
        file: Its name, for messages.
        folder: What relative paths in it start at: where the bridge is started.
        mode: The mode that the command line gives; endpoints can differ by mode.

    Raises:
        ConfigError: It is no JSON5, asks for what upstream would refuse too, or for plugins alone.
    """
    draft = Draft(source=parse_json5(text, file=file))
    plugins = draft.section(("plugins",), draft.source.data.get("plugins"))
    if "ros2dds" in plugins:
        import_plugin(draft, draft.section(PLUGIN, plugins["ros2dds"]))
        for name in plugins:
            if name != "ros2dds":
                draft.note(("plugins", name), f"no equal: {_NO_PLUGINS}; run zenohd beside for it")
    elif plugins:
        problem = f"{_NO_PLUGINS}, and says nothing about it"
        raise draft.error(("plugins",), problem, remedy="remove the section, or run this file with zenohd")
    else:
        # A file of zenohd: what bridges ROS says so under plugins.ros2dds, if only by {}.
        draft.put(("ros", "enabled"), False, ())
        draft.lines["ros", "enabled"] = 1
        if draft.source.data.get("mode") != "router":
            reason = (
                "not there: taken as a file of zenohd, without DDS; for a bridge write plugins: {ros2dds: {}}"
            )
            draft.note(PLUGIN, reason)
    import_zenoh(draft, mode=mode, folder=folder)
    return draft.document()
