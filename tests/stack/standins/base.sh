#!/usr/bin/env bash
# A stand-in for the base images of our Dockerfiles, where no image registry is in reach: Debian with Python, by
# mmdebstrap from the package sources of this host. For tests alone; nothing is ever published from it.
#   base.sh NAME:TAG     makes the image unless it is there
set -euo pipefail

image=${1:?usage: base.sh NAME:TAG}
docker image inspect "$image" >/dev/null 2>&1 && exit 0
sources=/etc/apt/sources.list.d/debian.sources
[[ -f $sources ]] || sources=/etc/apt/sources.list
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
echo "stand-in: making $image from Debian $suite (half a minute)"
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' "$suite" - "$sources" |
  docker import --change 'CMD ["python3"]' - "$image" >/dev/null
