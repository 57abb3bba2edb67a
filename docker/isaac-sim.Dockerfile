# Isaac Sim with ROS 2 that crosses container borders, a pre-flight, and a health check that looks at the simulation.
#   make images ARGS=isaac-sim          docker build -f docker/isaac-sim.Dockerfile --build-arg BASE_IMAGE=... .
#
# | Isaac Sim      | Ubuntu | Python | user       | ROS_DISTRO | ROS_BASE_IMAGE of the workspace |
# |----------------|--------|--------|------------|------------|---------------------------------|
# | 6.0.1 (default)| 24.04  | 3.12   | 1234       | jazzy      | ros:jazzy-ros-base-noble        |
# | 5.1.0          | 24.04  | 3.11   | 1234       | jazzy      | none fits Python 3.11: leave the workspace empty |
# | 5.0.0          | 22.04  | 3.11   | root       | humble     | as 5.1.0; OMNI_KIT_ALLOW_ROOT=1 at run time |
#
# NVIDIA's licence is accepted by whoever starts the container (ACCEPT_EULA=Y), never here. Push the result to a private
# registry alone: the licence limits who may pass it on.
ARG BASE_IMAGE=nvcr.io/nvidia/isaac-sim:6.0.1
ARG ROS_BASE_IMAGE=ros:jazzy-ros-base-noble

# Messages of the fleet, for the simulator's own Python; an empty workspace is fine. The ROS 2 of this stage stays behind.
FROM ${ROS_BASE_IMAGE} AS workspace
ARG ROS_DISTRO=jazzy
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /workspace
COPY docker/isaac-sim/workspace/src/ src/
RUN source "/opt/ros/${ROS_DISTRO}/setup.bash" \
    && colcon build --merge-install --cmake-args -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF

FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG ROS_DISTRO=jazzy
ARG ISAAC_USER=1234:1234
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="zenlink Isaac Sim" \
      org.opencontainers.image.description="Isaac Sim with ROS 2 over UDP, pre-flight and health check" \
      org.opencontainers.image.licenses="LicenseRef-NVIDIA-Isaac-Sim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
USER 0
COPY docker/isaac-sim/preflight.sh docker/isaac-sim/entrypoint.sh docker/isaac-sim/isaac-health.sh /opt/zenlink/libexec/
COPY docker/isaac-sim/fastdds-udp.xml /opt/zenlink/share/fastdds-udp.xml
COPY --from=workspace /workspace/install /opt/zenlink/workspace
# A volume that is new takes the owner of the folder below it; without these, Docker would make them root's.
RUN for folder in .cache .nv/ComputeCache .nvidia-omniverse/logs .nvidia-omniverse/config \
      .local/share/ov/data .local/share/ov/pkg; do install --directory --owner 1234 --group 1234 "/isaac-sim/$folder"; done \
    && install --directory --owner 1234 --group 1234 /var/cache/hub /meshes /simulation-data \
    && chown -R 1234:1234 /isaac-sim/.cache /isaac-sim/.nv /isaac-sim/.nvidia-omniverse /isaac-sim/.local
ENV ROS_DISTRO=${ROS_DISTRO} \
    RMW_IMPLEMENTATION=rmw_fastrtps_cpp \
    FASTDDS_DEFAULT_PROFILES_FILE=/opt/zenlink/share/fastdds-udp.xml \
    FASTRTPS_DEFAULT_PROFILES_FILE=/opt/zenlink/share/fastdds-udp.xml
# hadolint ignore=DL3066
USER ${ISAAC_USER}
STOPSIGNAL SIGINT
# Minutes at the first start, when shaders are compiled.
HEALTHCHECK --interval=30s --timeout=10s --start-period=600s --retries=3 CMD ["/opt/zenlink/libexec/isaac-health.sh"]
ENTRYPOINT ["/opt/zenlink/libexec/entrypoint.sh"]
CMD ["/isaac-sim/runheadless.sh"]
