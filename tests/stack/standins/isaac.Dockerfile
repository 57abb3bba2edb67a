# Stands for Isaac Sim, where neither its image nor a GPU is at hand: its folders, its user, a launcher and an nvidia-smi.
ARG BASE_IMAGE=zenlink-test/python:bookworm
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
RUN install --directory /isaac-sim/exts/isaacsim.ros2.core/jazzy/lib /isaac-sim/exts/isaacsim.ros2.core/humble/lib
COPY runheadless.sh /isaac-sim/
COPY nvidia-smi /usr/bin/
USER 1234:1234
