"""rclpy: services of nodes on Fast DDS, whose request identity only their RMW can see (design, fact 8).

The one place that imports rclpy, and only when a service needs it: an agent on a machine without ROS runs,
and says which services it cannot carry.
"""
