#!/usr/bin/env bash
# Healthy: the newest log of Kit says AppReady, and the agent beside it sees a /clock that moves. AppReady alone only says
# that it became ready once. Where nobody subscribes to /clock, that it is published is all there is to see.
#   ZENLINK_AGENT       where the agent's page is, e.g. http://172.30.7.1:9469; unset: the log alone
#   ZENLINK_TOKEN_FILE  its token
set -euo pipefail

logs=${ISAACSIM_HOME:-/isaac-sim}/.nvidia-omniverse/logs/Kit
memory=${TMPDIR:-/tmp}/zenlink-clock
newest=$({ find "$logs" -name 'kit_*.log' -printf '%T@ %p\n' 2>/dev/null || true; } | sort -n | tail -n 1 | cut -d ' ' -f 2-)
if [[ -z $newest ]] || ! grep -q AppReady "$newest"; then
  echo "not ready: no AppReady in ${newest:-$logs}"
  exit 1
fi
if [[ -z ${ZENLINK_AGENT:-} ]]; then
  echo "ready; no agent to ask about /clock"
  exit 0
fi
header=()
[[ -z ${ZENLINK_TOKEN_FILE:-} ]] || header=(--header "Authorization: Bearer $(<"$ZENLINK_TOKEN_FILE")")
told=$(curl --silent --show-error --fail --max-time 5 "${header[@]}" "$ZENLINK_AGENT/explain?name=/clock") || {
  echo "ready, but the agent at $ZENLINK_AGENT does not answer"
  exit 1
}
if [[ $told == *'"0 local publishers"'* ]]; then
  echo "ready, but nothing publishes /clock: is the timeline playing?"
  exit 1
fi
count=$(grep --only-matching 'egress passed [0-9]* messages' <<<"$told" | tr -dc 0-9 || true)
if [[ $told == *'egress is idle'* || -z $count ]]; then
  echo "ready, /clock is published; nobody on Zenoh subscribes to it"
  rm -f "$memory"
  exit 0
fi
before=$(cat "$memory" 2>/dev/null || true)
echo "$count" >"$memory"
if [[ $before == "$count" ]]; then
  echo "ready, but /clock stands still at $count messages"
  exit 1
fi
echo "ready, /clock: $count messages"
