#!/usr/bin/env bash
# What Isaac Sim needs before it is worth starting, one clear line where it is missing, and an exit code for each:
#   10 licence not accepted   11 no GPU visible   12 no RT cores   13 driver too old
#   14 a volume not writable  15 a port taken     16 no ROS 2 libraries of that distribution
# It starts nothing and changes nothing but a file that it writes and removes in each volume.
set -euo pipefail

home=${ISAACSIM_HOME:-/isaac-sim}
min_driver=${MIN_DRIVER_VERSION:-570.169}

stop() { # exit code, what is wrong, what to do
  echo "isaac-sim: $2; $3" >&2
  exit "$1"
}

licence() {
  [[ -n ${ACCEPT_EULA:-} ]] || stop 10 "NVIDIA's licence is not accepted" \
    "read it at https://docs.isaacsim.omniverse.nvidia.com and set ACCEPT_EULA=Y in docker/.env"
}

gpu() {
  local found name driver capability
  command -v nvidia-smi >/dev/null || stop 11 "no GPU is visible: the container has no nvidia-smi" \
    "install the NVIDIA container toolkit on the host and run \`nvidia-ctk runtime configure\`"
  found=$(nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader 2>&1) ||
    stop 11 "no GPU is visible: nvidia-smi says \"${found%%$'\n'*}\"" "look at nvidia-smi on the host"
  [[ -n $found ]] || stop 11 "no GPU is visible: nvidia-smi lists none" "give the container one (docker run --gpus)"
  while IFS=, read -r name driver capability; do
    driver=${driver// /} capability=${capability// /}
    if has_rt_cores "$name" "$capability"; then
      newer_or_same "$driver" "$min_driver" || stop 13 "the driver $driver is older than $min_driver" \
        "update the NVIDIA driver of the host"
      echo "isaac-sim: GPU $name, driver $driver"
      return
    fi
  done <<<"$found"
  stop 12 "no GPU here has RT cores (${found//$'\n'/ | })" "use an RTX card, L4, L40S, A10, A40 or newer with RT cores"
}

has_rt_cores() { # name, compute capability
  case $2 in
  7.5) [[ $1 != *GTX* ]] ;; # Turing: the GTX 16 series has none
  8.0 | 9.* | 10.*) return 1 ;; # A100, A30, H100, H200, B200: made for computing alone
  8.* | 1[1-9].*) return 0 ;;
  *) return 1 ;;
  esac
}

newer_or_same() { # version, least version
  [[ $(printf '%s\n%s\n' "$2" "$1" | sort --version-sort | head -n 1) == "$2" ]]
}

volumes() {
  local folder probe
  for folder in "$home/.cache" "$home/.nv/ComputeCache" "$home/.nvidia-omniverse/logs" "$home/.nvidia-omniverse/config" \
    "$home/.local/share/ov/data" "$home/.local/share/ov/pkg" "${SIMULATION_DATA:-/simulation-data}"; do
    probe=$folder/.zenlink-preflight-$$
    if ! { : >"$probe"; } 2>/dev/null; then
      stop 14 "$folder is not writable by user $(id -u)" "chown -R $(id -u):$(id -g) what is mounted there"
    fi
    rm -f "$probe"
  done
}

ports() {
  taken tcp "${ISAACSIM_SIGNAL_PORT:-49100}" ISAACSIM_SIGNAL_PORT
  taken udp "${ISAACSIM_STREAM_PORT:-47998}" ISAACSIM_STREAM_PORT
}

taken() { # protocol, port, variable; the kernel's own tables: no tool for it is in the image
  local hex
  hex=$(printf '%04X' "$2")
  # The second column is ADDRESS:PORT in hex, the fourth 0A for a TCP listener; any UDP socket on the port counts.
  if awk -v port=":$hex\$" -v tcp="$1" 'FNR > 1 && $2 ~ port && (tcp == "udp" || $4 == "0A") { found = 1 }
      END { exit !found }' /proc/net/"$1" /proc/net/"$1"6 2>/dev/null; then
    stop 15 "$1 port $2 is taken by another program" "\`ss -lnp\` on the host names it; or set $3"
  fi
}

ros() {
  local extension
  for extension in isaacsim.ros2.core isaacsim.ros2.bridge; do # 6.x, and before
    [[ ! -d $home/exts/$extension/${ROS_DISTRO:-}/lib || -z ${ROS_DISTRO:-} ]] || return 0
  done
  stop 16 "Isaac Sim has no ROS 2 libraries for ROS_DISTRO=${ROS_DISTRO:-}" \
    "there are: $(cd "$home" && echo exts/isaacsim.ros2.*/*/lib)"
}

licence
gpu
volumes
ports
ros
