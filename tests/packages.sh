#!/usr/bin/env bash
# Programs of other people that some tests run, from Debian: a browser, a Prometheus, a second opinion on latency, systemd's
# own look at our units, and what makes and runs images (the engine itself is the machine's own matter), and a
# clock that can be stepped.
# Where they cannot be installed, those tests skip and say so; nothing else needs them.
set -euo pipefail

missing=()
for pair in chromium:chromium chromedriver:chromium-driver prometheus:prometheus promtool:prometheus sockperf:sockperf \
  docker-compose:docker-compose mmdebstrap:mmdebstrap docker-registry:docker-registry systemd-analyze:systemd faketime:faketime; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if ((${#missing[@]} == 0)); then
  echo "test packages: all there"
  exit 0
fi
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
without="the tests that need them will skip"
if ! command -v apt-get >/dev/null; then
  echo "test packages: ${missing[*]} missing, and no apt-get here to install them: $without"
elif ((EUID != 0)); then
  echo "test packages: ${missing[*]} missing: $without; 'sudo make test-packages' installs them"
else
  echo "test packages: installing ${missing[*]}"
  # No service of theirs is started: a test starts its own, on a port of its own.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    echo "test packages: apt-get failed: $without"
fi
