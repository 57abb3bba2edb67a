"""The whole product on one machine: robot, two agents, station, verdict.

``runner`` starts every process and judges; ``robot`` and ``station`` are the two ends, each a process of
its own, and talk to the runner in the lines of ``lines``. What they send is in ``messages``, how it is
counted in ``tally``, what the counts mean in ``verdict``. The ends are real ROS nodes (``ros_nodes``) or
plain DDS ones (``dds_nodes``).
"""
