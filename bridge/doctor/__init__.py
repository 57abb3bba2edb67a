"""`zenlink doctor`: every hop from a ROS node to the far agent: what was seen, what is wanted, what to do.

``facts`` are values; ``checks`` judges them, purely; ``gather`` looks, with ``host`` and ``domain``.
"""
