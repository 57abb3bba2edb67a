# Stands for a ROS 2 base, where no registry is in reach: its set-up file, and a colcon for a workspace without packages.
ARG BASE_IMAGE=zenlink-test/python:bookworm
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
RUN install --directory /opt/ros/jazzy \
    && echo 'export AMENT_PREFIX_PATH=/opt/ros/jazzy' > /opt/ros/jazzy/setup.bash
COPY colcon /usr/bin/
ENV ROS_DISTRO=jazzy
