#!/usr/bin/env bash
# What an operator does with the stack, over Compose in whichever form is installed:
#   stack.sh up|down|logs|status|backup|restore|identity NAME [ROLE]|password|compose ARGUMENTS...
#   PROFILES    e.g. "monitoring sim"; default: none
#   SERVICES    which of them `up` starts; default: all
#   ENV_FILE    the variables; default: docker/.env, made from .env.example where it is missing
#   WAIT_S      seconds that `up` waits for all to be healthy; default: 120
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
env_file=${ENV_FILE:-$here/.env}
if [[ ! -e $env_file ]]; then
  cp "$here/.env.example" "$env_file"
  echo "stack: made $env_file, with every default"
fi

tool=(docker-compose)
if docker compose version >/dev/null 2>&1; then tool=(docker compose); fi
project=${COMPOSE_PROJECT_NAME:-$(sed -n 's/^COMPOSE_PROJECT_NAME=//p' "$env_file")}
files=(--file "$here/compose.yaml")
for file in ${EXTRA_FILES:-}; do files+=(--file "$file"); done
profiles=()
for profile in ${PROFILES:-}; do profiles+=(--profile "$profile"); done

compose() {
  "${tool[@]}" --project-name "${project:-zenlink}" --project-directory "$here" --env-file "$env_file" \
    "${files[@]}" "${profiles[@]}" "$@"
}

containers() { # of this project, running or not: NAME STATE HEALTH EXITCODE, a line each
  local ids
  ids=$(docker ps --all --quiet --filter "label=com.docker.compose.project=${project:-zenlink}" \
    --filter label=com.docker.compose.oneoff=False)
  # shellcheck disable=SC2086  # one word an id
  [[ -z $ids ]] || docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}}
    {{- if .State.Health}} {{.State.Health.Status}}{{else}} none{{end}} {{.State.ExitCode}}' $ids | sort
}

up() {
  local began=$SECONDS wait_s=${WAIT_S:-120} told=" " result=0 wanted pending name state health code
  mkdir -p "$(sed -n 's/^BACKUP_DIR=//p' "$env_file" | sed "s#^\./#$here/#")"
  # It waits for the one-shots and for those that others depend on; when one of them fails, its log says why.
  # shellcheck disable=SC2086  # one word a service
  if ! compose up --detach --remove-orphans ${SERVICES:-}; then
    failed
    return 1
  fi
  renewed && compose restart router
  wanted=" $(compose config --services | xargs) ${SERVICES:-} " # not what another start with other profiles left
  while :; do
    pending=""
    while read -r name state health code; do
      [[ $told != *" $name "* && $wanted == *" $name "* ]] || continue
      case $state/$health in
      running/healthy) echo "stack: $name healthy after $((SECONDS - began)) s" ;;
      running/none) echo "stack: $name running, without a health check" ;;
      exited/none)
        echo "stack: $name done, exit $code"
        [[ $code == 0 ]] || compose logs --no-color --tail 5 "$name" 2>&1 | grep -v '^Attaching' | sed 's/^/  /'
        # A host whose kernel settings may not be changed is worse, and works.
        [[ $code == 0 || $name == tune ]] || result=1
        ;;
      *)
        pending+="$name ($state, $health) "
        continue
        ;;
      esac
      told+="$name "
    done < <(containers)
    [[ -n $pending ]] || return "$result"
    if ((SECONDS - began > wait_s)); then
      echo "stack: not healthy after $wait_s s: $pending" >&2
      failed
      return 1
    fi
    sleep 1
  done
}

renewed() { # whether the router's certificate is newer than the router, which reads it when it starts
  local id made started
  id=$(compose ps --quiet router)
  made=$(docker exec "$id" stat -c %Y /etc/zenlink/router.pem 2>/dev/null) || return 1
  started=$(date --date "$(docker inspect --format '{{.State.StartedAt}}' "$id")" +%s)
  ((made > started))
}

failed() { # the last words of whatever ended badly or is unwell
  local name state health code
  while read -r name state health code; do
    if [[ $code != 0 || $health == unhealthy ]]; then
      echo "stack: $name: $state, $health, exit $code" >&2
      compose logs --no-color --tail 20 "$name" 2>&1 | sed 's/^/  /' >&2
    fi
  done < <(containers)
}

# Whatever writes into the volumes holds still meanwhile: a copy of a moving database is none.
WRITERS=(prometheus alertmanager grafana isaac-sim)
quiet() { # the command to run while they are paused
  local paused=() name state
  while read -r name state _; do
    if [[ $state == running && " ${WRITERS[*]} " == *" $name "* ]]; then paused+=("$name"); fi
  done < <(containers)
  ((${#paused[@]} == 0)) || compose pause "${paused[@]}"
  local code=0
  "$@" || code=$?
  ((${#paused[@]} == 0)) || compose unpause "${paused[@]}"
  return "$code"
}

verb=${1:-help}
shift || true
case $verb in
up) up ;;
down) compose --profile sim --profile monitoring --profile backup --profile restore down --remove-orphans "$@" ;;
logs) compose logs --tail 100 "$@" ;;
status) containers | column -t ;;
backup) quiet compose --profile backup run --rm backup ;;
restore)
  running=$(containers | awk '$2 == "running" {print $1}' | xargs)
  if [[ -n $running ]]; then
    echo "stack: stop it first (make stack-down): $running" >&2
    exit 3
  fi
  compose --profile restore run --rm -e "RESTORE_FILE=${RESTORE_FILE:-}" -e "RESTORE_OVERWRITE=${RESTORE_OVERWRITE:-no}" restore
  ;;
identity) compose run --rm -T certs export "${@:?a name, then robot, station or observer}" ;;
password) compose run --rm -T --entrypoint cat certs /var/lib/zenlink/grafana/password && echo ;;
compose) compose "$@" ;;
*)
  sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
  ;;
esac
