"""Measures bridges side by side: ``make bench``, or ``python -m bench --help``.

Four arms carry the same load between the same two nodes: DDS alone and Zenoh alone (the floors), a pair of
our agents, and a pair of the Rust bridge where ``make peers`` has built it. Rounds of the arms are
interleaved, shared memory is off and the Cyclone settings are the same everywhere, so that ratios
hold on a noisy machine where absolute figures do not.
"""
