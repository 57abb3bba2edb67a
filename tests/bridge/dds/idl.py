"""Real IDL types, as a node has them.

No postponed annotations here: cyclonedds looks names up in this module alone.
"""

from dataclasses import dataclass

from cyclonedds.idl import IdlStruct

TYPE = "test_msgs::msg::dds_::Text_"


@dataclass
class Text(IdlStruct, typename=TYPE):
    """A real type of that name."""

    text: str


@dataclass
class Other(IdlStruct, typename=TYPE):
    """Another type of the same name."""

    number: int
    more: str
