#!/usr/bin/env bash
# The agent within a ROS 2 environment: the base's own, then a workspace on top where there is one.
set -eo pipefail # not -u: the files of ROS read variables that may not be there

setup=/opt/ros/${ROS_DISTRO:-jazzy}/setup.bash
if [[ ! -e $setup ]]; then
  echo "zenlink: no ROS 2 at $setup; build this image on a ROS base, or set ROS_DISTRO" >&2
  exit 3
fi
# shellcheck source=/dev/null
source "$setup"
# shellcheck source=/dev/null
[[ ! -e ${ROS_WORKSPACE:-/workspace}/install/local_setup.bash ]] || source "${ROS_WORKSPACE:-/workspace}/install/local_setup.bash"
exec zenlink "$@"
