#!/usr/bin/env bash
# Pre-flight, then the simulator with its own ROS 2 libraries: those of ROS_DISTRO inside the image, never a system ROS,
# whose Python is another one.
set -euo pipefail

home=${ISAACSIM_HOME:-/isaac-sim}
"$(dirname "${BASH_SOURCE[0]}")/preflight.sh"

for extension in isaacsim.ros2.core isaacsim.ros2.bridge; do
  if [[ -d $home/exts/$extension/$ROS_DISTRO/lib ]]; then
    export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$home/exts/$extension/$ROS_DISTRO/lib
    break
  fi
done
workspace=${ISAACSIM_WORKSPACE:-/opt/zenlink/workspace}
if [[ -e $workspace/local_setup.bash ]]; then
  set +u # colcon's file reads variables that may not be there
  # shellcheck source=/dev/null
  source "$workspace/local_setup.bash"
  set -u
fi
cd "$home"
exec "$@"
