#!/usr/bin/env bash
# Builds our images: images.sh [bridge|ros-bridge|isaac-sim]...   (none named: bridge), or pushes them: images.sh push
#   BASE_IMAGE   of the image; default: the one that its Dockerfile pins
#   ROS_BASE_IMAGE, ROS_DISTRO, ISAAC_USER of isaac-sim; defaults likewise
#   IMAGE_PREFIX and IMAGE_TAG of the result; default: zenlink/NAME:VERSION
#   REGISTRY     to push to, e.g. registry.example/fleet; DIGESTS (build/digests) then names each image by digest
#   PYTHON       an interpreter with pip and the build backend; default: .venv/bin/python
# Packages are fetched here, by the pip configuration of this machine, and installed in the build without a network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-.venv/bin/python}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
prefix=${IMAGE_PREFIX:-zenlink}
tag=${IMAGE_TAG:-$version}
digests=${DIGESTS:-build/digests}

base_of() { # of a Dockerfile: the first BASE_IMAGE default
  sed -n 's/^ARG BASE_IMAGE=//p' "$1" | head -n 1
}

python_of() { # MAJOR.MINOR of an image's python3
  docker image inspect "$1" >/dev/null 2>&1 || docker pull "$1" >&2
  docker run --rm --network none --entrypoint python3 "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

wheels_for() { # a Python version: build/wheels has what requirements/run.lock names, for it and no other
  local want
  want="$1 $(sha256sum requirements/run.lock)"
  [[ -f build/wheels/.made && $(<build/wheels/.made) == "$want" ]] && return
  rm -rf build/wheels
  mkdir -p build/wheels
  echo "images: fetching wheels for Python $1"
  local platforms=() glibc
  for glibc in 5 12 17 24 26 27 28 31 34; do platforms+=(--platform "manylinux_2_${glibc}_x86_64"); done
  # pip judges the lock's markers by the Python that it runs in; those of the lock part at 3.11 alone.
  "$python" -c "import sys; want = ($1 >= 3.11) if '$1' != '3.10' else False; sys.exit(want != (sys.version_info >= (3, 11)))" || {
    echo "images: the base has Python $1; fetch its wheels with a Python on the same side of 3.11 (PYTHON=...)" >&2
    return 3
  }
  "$python" -m pip download --quiet --disable-pip-version-check --no-input --require-hashes --no-deps \
    --only-binary :all: --implementation cp --python-version "$1" "${platforms[@]}" --platform manylinux2014_x86_64 \
    --requirement requirements/run.lock --dest build/wheels
  printf '%s' "$want" >build/wheels/.made
}

build() { # name, then arguments of docker build
  local name=$1 log
  shift
  log=$(mktemp)
  echo "images: building $prefix/$name:$tag"
  docker build --file "docker/$name.Dockerfile" --tag "$prefix/$name:$tag" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" "$@" . >"$log" 2>&1 || {
    cat "$log" >&2
    rm -f "$log"
    return 1
  }
  rm -f "$log"
}

push() { # what has been built under this tag
  : "${REGISTRY:?name the registry to push to: make push REGISTRY=registry.example/fleet}"
  local name remote digest
  mkdir -p build
  : >"$digests"
  for name in bridge ros-bridge isaac-sim; do
    docker image inspect "$prefix/$name:$tag" >/dev/null 2>&1 || continue
    remote=$REGISTRY/$name:$tag
    docker tag "$prefix/$name:$tag" "$remote"
    docker push "$remote" >/dev/null
    digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$remote" |
      grep --fixed-strings "$REGISTRY/$name@")
    echo "$name $digest" | tee -a "$digests"
  done
  [[ -s $digests ]] || {
    echo "images: nothing to push: no $prefix/*:$tag here; make images" >&2
    return 3
  }
}

installer() { # pip as one file, for bases without ensurepip; the one that this machine's Python brings
  local bundled
  bundled=$("$python" -c 'import ensurepip, pathlib; print(pathlib.Path(ensurepip.__file__).parent / "_bundled")')
  mkdir -p build/tools
  find "$bundled" /usr/share/python-wheels -name "pip-*.whl" -exec cp -f {} build/tools/pip.whl \; -quit 2>/dev/null || true
  [[ -e build/tools/pip.whl ]] || {
    echo "images: no pip wheel in $bundled; on Debian and Ubuntu: apt-get install python3-venv" >&2
    return 3
  }
}

for name in "${@:-bridge}"; do
  case $name in
    bridge | ros-bridge)
      base=${BASE_IMAGE:-$(base_of "docker/$name.Dockerfile")}
      wheels_for "$(python_of "$base")"
      installer
      rm -rf build/zenlink
      "$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
        --wheel-dir build/zenlink .
      build "$name" --build-arg "BASE_IMAGE=$base"
      ;;
    isaac-sim)
      options=()
      for option in BASE_IMAGE ROS_BASE_IMAGE ROS_DISTRO ISAAC_USER; do
        [[ -z ${!option:-} ]] || options+=(--build-arg "$option=${!option}")
      done
      build isaac-sim "${options[@]}"
      ;;
    push) push ;;
    *)
      echo "images: no image named $name" >&2
      exit 2
      ;;
  esac
done
