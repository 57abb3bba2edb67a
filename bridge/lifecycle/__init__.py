"""The agent as a managed ROS node: ``ros2 run zenlink bridge_node``, or by a launch file.

The node and its agent are two processes. The agent sets variables for its RMW that no process may change
while threads of it run, may need another RMW than the node, and brings a Cyclone DDS of its own; so the node
(``node.py``) keeps to rclpy and runs ``zenlink run`` as a child (``process.py``) while it is active. They
speak by what is there anyway: the control socket, the notifications that systemd gets, and the log.

``parameters.py`` declares every key of the configuration as a parameter; ``main.py`` is the command.
"""
