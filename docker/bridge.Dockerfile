# The agent as an image: `make images` fills build/wheels for the Python of the base, so that no step needs a network.
#   docker build -f docker/bridge.Dockerfile --build-arg BASE_IMAGE=... .
# The base has to bring Python 3.10 to 3.13 with venv. Pin it by digest where a registry is at hand (NAME:TAG@sha256:...).
ARG BASE_IMAGE=python:3.12.12-slim-bookworm

FROM ${BASE_IMAGE} AS build
COPY requirements/run.lock build/wheels/ /wheels/
# pip stays in an environment of its own; what runs has neither pip nor a compiler. Byte code is made now, because the
# root file system will be read-only.
RUN python3 -m venv /tools \
    && python3 -m venv --without-pip /opt/zenlink \
    && /tools/bin/pip --python /opt/zenlink/bin/python install --no-cache-dir --no-index --find-links /wheels \
       --require-hashes --requirement /wheels/run.lock \
    && /tools/bin/pip --python /opt/zenlink/bin/python uninstall --yes --quiet setuptools pbr \
    && find /opt/zenlink -name tests -type d -prune -exec rm -r {} +
COPY build/zenlink/ /zenlink/
RUN /tools/bin/pip --python /opt/zenlink/bin/python install --no-cache-dir --no-index --no-deps /zenlink/*.whl
COPY docker/healthcheck.py docker/stack/*.py docker/stack/*.sh /opt/zenlink/libexec/
COPY configs/ /opt/zenlink/share/zenlink/configs/

FROM ${BASE_IMAGE}
# The official base has its own library without byte code, which no container could keep: each start, and each health check,
# would compile whatever it imports. What is up to date already is left as it is.
RUN python3 -m compileall -q -x '/(test|tests|idlelib|lib2to3|tkinter|turtledemo|pydoc_data|distutils|ensurepip|(site|dist)-packages)/' \
       "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
ARG BASE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="zenlink" \
      org.opencontainers.image.description="ROS 2 (DDS) to Zenoh bridge and network agent" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
COPY --from=build /opt/zenlink /opt/zenlink
# A volume that is new takes owner and mode of the folder below it, so every mount point is made here.
RUN groupadd --gid 10001 zenlink \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin zenlink \
    && install --directory --owner 10001 --group 10001 --mode 0700 /run/zenlink /etc/zenlink \
    && install --directory --owner 10001 --group 10001 --mode 0755 /var/lib/zenlink /var/lib/zenlink/authority \
       /var/lib/zenlink/router /var/lib/zenlink/bridge /var/lib/zenlink/probe /var/lib/zenlink/scrape \
       /var/lib/zenlink/grafana \
    && install --directory --mode 0700 /var/lib/zenlink/tune
ENV PATH=/opt/zenlink/bin:$PATH \
    RUNTIME_DIRECTORY=/run/zenlink \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
STOPSIGNAL SIGTERM
# Ready means that both sides are up; a link that is down is told elsewhere and makes no container unhealthy.
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/zenlink/bin/python", "-I", "-S", "/opt/zenlink/libexec/healthcheck.py"]
ENTRYPOINT ["zenlink"]
CMD ["run"]
