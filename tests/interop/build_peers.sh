#!/usr/bin/env bash
# Builds the programs that the interop tests talk to: a Rust ROS 2 bridge and zenohd, both from published crates.
# Usage: build_peers.sh DIRECTORY.  They end in DIRECTORY/bin; a second call finds them there and ends at once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# zenohd is what `cargo install` finds; rust_bridge/Cargo.toml names the same version of the bridge's plugin.
ZENOH=1.10.2
# clang is a package of its own because the bindings of Cyclone DDS need its built-in headers.
PACKAGES=(build-essential cmake clang libclang-dev)

peers=$1
bin=$peers/bin
wanted=$(cat rust_bridge/{Cargo.toml,src/main.rs} - <<<"zenohd $ZENOH" | sha256sum | cut -c 1-16)
if [[ -x $bin/rust-bridge-ros2dds && -x $bin/zenohd && $(cat "$peers/built" 2>/dev/null) == "$wanted" ]]; then
  echo "peers: up to date in $bin"
  exit
fi

command -v cargo >/dev/null || {
  echo "make peers needs Rust 1.75 or later with cargo" >&2
  exit 3
}
have() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${PACKAGES[@]}"; do have "$package" || missing+=("$package"); done
fi
if ((${#missing[@]})); then
  if ((EUID)); then
    echo "make peers needs packages: apt-get install ${missing[*]}" >&2
    exit 3
  fi
  echo "peers: installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# Optimised, since benchmarks measure against them; but without what only makes the build long.
export CARGO_PROFILE_RELEASE_{LTO=off,DEBUG=false,CODEGEN_UNITS=16} CARGO_TARGET_DIR=$peers/target
export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-2}
quietly=()
[[ -t 2 ]] || quietly=(--quiet)
mkdir -p "$bin"
echo "peers: building the Rust bridge and zenohd $ZENOH into $bin; ten minutes on two cores, once"
cp -r rust_bridge "$peers/" # cargo writes its lock beside the manifest: not into the tree
nice -n 19 cargo build "${quietly[@]}" --release --manifest-path "$peers/rust_bridge/Cargo.toml"
install "$CARGO_TARGET_DIR/release/rust-bridge-ros2dds" "$bin/"
nice -n 19 cargo install "${quietly[@]}" --locked --force --root "$peers" --version "$ZENOH" zenohd
rm -rf "$CARGO_TARGET_DIR" # gigabytes that only a change of version would use again
echo "$wanted" >"$peers/built"
echo "peers: ready after $SECONDS s"
