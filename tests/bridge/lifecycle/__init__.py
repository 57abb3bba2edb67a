"""The parts of the managed node that need no ROS."""
