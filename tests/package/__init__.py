"""zenlink as a ROS package: what is installed, what launch files use, and that both ways to install agree."""
