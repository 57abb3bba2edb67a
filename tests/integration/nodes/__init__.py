"""ROS nodes for the integration tests, each a script that `support.ros_node` runs as a process."""
