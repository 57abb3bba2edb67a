#!/bin/sh
# Is there an NVIDIA GPU for the simulator? The driver's own list is readable in any container.
set -eu

for gpu in /proc/driver/nvidia/gpus/*/information; do
  [ -e "$gpu" ] || break
  echo "gpu: $(sed -n 's/^Model:[[:space:]]*//p' "$gpu")"
  found=yes
done
if [ -z "${found:-}" ]; then
  echo "gpu: no NVIDIA driver or no GPU on this host (/proc/driver/nvidia is missing): the profile sim needs one" >&2
  exit 3
fi
