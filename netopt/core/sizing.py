"""How large a buffer has to be: what is asked of the host, and the formulas.

Each figure that a plan proposes comes out of a function here, so that it can be checked by hand. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from netopt.errors import UsageError

MIB = 1 << 20
FRAME_COST = 1.65
"""Bytes of a socket buffer that a byte of payload takes: the kernel books 2304 bytes for each frame of 1500
(tried on Linux 6.18: 8 MiB of buffer hold 5.3 MB that came in frames of 1500 bytes)."""
RTT_SHARE = 2
"""A TCP window is about half of its socket's buffer, the rest bookkeeping (ip-sysctl, tcp_adv_win_scale)."""
TCP_RMEM_CAP_BYTES = 64 * MIB
TCP_WMEM_CAP_BYTES = 16 * MIB
"""A send queue drains at the rate of the uplink: deeper, and what is in it is old when it leaves."""
UDP_CAP_BYTES = 64 * MIB
"""Any process may ask for that much in each socket, so not the 2 GiB that some guides give."""
FRAGMENT_SECONDS = 3
"""Seconds that an incomplete datagram is kept; of 30, the kernel's own, 27 are spent on what never comes."""
FRAGMENTS_FLOOR_BYTES = 32 * MIB
FRAGMENTS_CAP_BYTES = 128 * MIB
MEMORY_SHARE = 64
"""No single limit above a 64th of the memory, so that a small board is not filled by a few sockets."""
QUEUE_DRAIN_S = 0.1
"""A full transmit queue of an interface may hold back a new packet this long and no longer."""
_FRAME_BITS = 1500 * 8
QUEUE_FLOOR_PACKETS = 1000
QUEUE_CAP_PACKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the host should be able to carry."""

    rate_bit_s: int
    """Rate of the slowest link on the way, bit/s."""
    rtt_s: float
    """Round trip time to the far end, seconds."""
    message_bytes: int
    """The largest message, e.g. an uncompressed image."""
    streams: int
    """How many such messages may arrive at the same time."""
    memory_bytes: int = 0
    """Memory of the host; 0: unknown, and no limit by it."""

    def __post_init__(self) -> None:
        limits = (
            ("rate", self.rate_bit_s, 1000, 10**12, "bit/s"),
            ("round trip time", self.rtt_s, 0.0, 60.0, "s"),
            ("message size", self.message_bytes, 1, 1 << 30, "bytes"),
            ("number of streams", self.streams, 1, 1000, ""),
        )
        for name, value, least, most, unit in limits:
            if not least <= value <= most:
                raise UsageError(
                    f"a {name} of {value} {unit}".rstrip() + " is out of range",
                    remedy=f"give {least} to {most} {unit}".rstrip(),
                )

    @property
    def bdp_bytes(self) -> int:
        """Bandwidth-delay product: what is on the way while the first acknowledgement comes back."""
        return round(self.rate_bit_s / 8 * self.rtt_s)


def pow2ceil(number: float) -> int:
    """The smallest power of two that is at least `number`; 1 for less."""
    power = 1
    while power < number:
        power *= 2
    return power


def tcp_rmem_max(demand: Demand) -> int:
    """Largest receive buffer of a TCP socket: pow2ceil(2 x BDP), capped."""
    return _capped(pow2ceil(RTT_SHARE * demand.bdp_bytes), TCP_RMEM_CAP_BYTES, demand)


def tcp_wmem_max(demand: Demand) -> int:
    """Largest send buffer of a TCP socket: pow2ceil(2 x BDP), capped."""
    return _capped(pow2ceil(RTT_SHARE * demand.bdp_bytes), TCP_WMEM_CAP_BYTES, demand)


def rmem_max(demand: Demand) -> int:
    """What a UDP socket may ask for: pow2ceil(1.65 x message x streams), capped.

    The kernel doubles what is asked for, so the messages fit twice: one set is read while the next arrives.
    """
    wanted = pow2ceil(FRAME_COST * demand.message_bytes * demand.streams)
    return _capped(wanted, UDP_CAP_BYTES, demand)


def wmem_max(demand: Demand) -> int:
    """What a sending UDP socket may ask for: pow2ceil(1.65 x message), capped."""
    return _capped(pow2ceil(FRAME_COST * demand.message_bytes), UDP_CAP_BYTES, demand)


def rmem_default(demand: Demand) -> int:
    """What a UDP socket has that asks for nothing, as Fast DDS readers do: pow2ceil(1.65 x message), capped.

    Nothing doubles this one, so a whole message has to fit as it is.
    """
    return _capped(pow2ceil(FRAME_COST * demand.message_bytes), UDP_CAP_BYTES // 4, demand)


def ipfrag_high_thresh(demand: Demand) -> int:
    """Memory for datagrams in pieces: pow2ceil(rate x seconds kept), between 32 and 128 MiB."""
    wanted = pow2ceil(demand.rate_bit_s / 8 * FRAGMENT_SECONDS)
    return _capped(max(FRAGMENTS_FLOOR_BYTES, wanted), FRAGMENTS_CAP_BYTES, demand)


def txqueuelen(demand: Demand) -> int:
    """Packets an interface may queue: a message in frames, but no more than the link sends in 0.1 s."""
    burst = demand.message_bytes * demand.streams * 8 / _FRAME_BITS
    drained = demand.rate_bit_s * QUEUE_DRAIN_S / _FRAME_BITS
    return int(max(QUEUE_FLOOR_PACKETS, min(burst, drained, QUEUE_CAP_PACKETS)))


def _capped(wanted: int, cap: int, demand: Demand) -> int:
    """`wanted`, but no more than `cap` and the host's memory allow."""
    if not demand.memory_bytes:
        return min(wanted, cap)
    share = pow2ceil(demand.memory_bytes // MEMORY_SHARE + 1) // 2  # the power of two below
    return min(wanted, cap, max(share, MIB))
