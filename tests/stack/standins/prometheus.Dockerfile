# Debian's Prometheus, for the test of the stack where no registry is in reach. The context has its two programs.
ARG BASE_IMAGE=zenlink-test/python:bookworm
# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
COPY prometheus promtool /usr/bin/
RUN install --directory --owner 65534 --group 65534 /prometheus
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus"]
