#!/bin/sh
# Kernel settings of the host, from a container: tune.sh apply|check|plan|rollback
# What it writes to is /proc/sys/net of the network namespace it runs in, mounted at a path of its own. Nothing is kept
# over a restart of the host: each start of the stack applies it again. Exit 3 with one line where that is not possible.
set -eu

if [ ! -d /host/proc/sys/net ]; then
  echo "tune: /proc/sys/net is not mounted at /host/proc/sys/net; use the service \`tune\` of the Compose file" >&2
  exit 3
fi
verb=${1:-apply}
set -- --proc-sys /host/proc/sys
case $verb in
apply) set -- "$@" --profile "${TUNE_PROFILE:-station}" --state-dir /var/lib/zenlink/tune --no-persist ;;
rollback) set -- "$@" --state-dir /var/lib/zenlink/tune ;;
check | plan) set -- "$@" --profile "${TUNE_PROFILE:-station}" ;;
*)
  echo "tune: no such verb: $verb; there are apply, check, plan, rollback" >&2
  exit 2
  ;;
esac
exec zenlink tune "$verb" "$@"
