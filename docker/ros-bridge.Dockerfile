# The agent on a ROS 2 base, for services and actions of nodes on Fast DDS and other RMWs: those go through rclpy, with the
# packages of their types, which this image takes from ROS (add your own workspace on top). Everything else as in bridge.Dockerfile.
#   make images ARGS=ros-bridge
ARG BASE_IMAGE=ros:jazzy-ros-base-noble

FROM ${BASE_IMAGE} AS build
COPY requirements/run.lock build/wheels/ /wheels/
COPY build/tools/ /tools/
COPY build/zenlink/ /zenlink/
# The base has no ensurepip, so pip runs from its wheel. System packages stay visible: rclpy needs the numpy and yaml of its ROS.
RUN python3 -m venv --without-pip --system-site-packages /opt/zenlink \
    && python3 /tools/pip.whl/pip --python /opt/zenlink/bin/python install --no-cache-dir --no-index \
       --find-links /wheels --require-hashes --ignore-installed --requirement /wheels/run.lock \
    && python3 /tools/pip.whl/pip --python /opt/zenlink/bin/python install --no-cache-dir --no-index --no-deps \
       /zenlink/*.whl \
    && find /opt/zenlink -name tests -type d -prune -exec rm -r {} +
COPY docker/healthcheck.py docker/ros-entrypoint.sh /opt/zenlink/libexec/
COPY configs/ /opt/zenlink/share/zenlink/configs/

FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="zenlink with ROS 2" \
      org.opencontainers.image.description="ROS 2 (DDS) to Zenoh bridge with rclpy" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
COPY --from=build /opt/zenlink /opt/zenlink
RUN groupadd --gid 10001 zenlink \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin zenlink \
    && install --directory --owner 10001 --group 10001 --mode 0700 /run/zenlink /etc/zenlink
ENV PATH=/opt/zenlink/bin:$PATH \
    RUNTIME_DIRECTORY=/run/zenlink \
    ROS_LOG_DIR=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/zenlink/bin/python", "-I", "-S", "/opt/zenlink/libexec/healthcheck.py"]
ENTRYPOINT ["/opt/zenlink/libexec/ros-entrypoint.sh"]
CMD ["run"]
