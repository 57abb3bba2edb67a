# shellcheck shell=bash disable=SC2034
# What deploy.sh, rollback.sh and destroy.sh share: settings from the environment, and the two ways to call gcloud.
# Required: PROJECT, SOURCE_RANGES (whose robots and operators may reach port 443, e.g. 203.0.113.0/24).
set -euo pipefail

PROJECT=${PROJECT:-}
REGION=${REGION:-europe-west4}
ZONE=${ZONE:-$REGION-a}
NAME=${NAME:-zenlink}
SOURCE_RANGES=${SOURCE_RANGES:-}
SUBNET_RANGE=${SUBNET_RANGE:-10.70.0.0/24}
MACHINE_TYPE=${MACHINE_TYPE:-g2-standard-8} # has one L4
SPOT=${SPOT:-no}
IMAGE_PROJECT=${IMAGE_PROJECT:-ubuntu-os-accelerator-images} # drivers are in
IMAGE_FAMILY=${IMAGE_FAMILY:-ubuntu-accelerator-2404-amd64-with-nvidia-580}
DISK_GB=${DISK_GB:-200}
HEALTH_WAIT_S=${HEALTH_WAIT_S:-900} # a first start installs Docker and pulls the simulator
HEALTH_POLL_S=${HEALTH_POLL_S:-15}
IAP_RANGE=35.235.240.0/20 # Google's Identity-Aware Proxy: ssh comes from nowhere else
ACCOUNT=$NAME-agent@$PROJECT.iam.gserviceaccount.com
ROLES=(roles/artifactregistry.reader roles/logging.logWriter roles/monitoring.metricWriter)

plan=no
changes=0

die() { # exit code, text
  echo "gcp: $2" >&2
  exit "$1"
}

check_settings() {
  [[ $PROJECT =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] || die 2 "PROJECT=$PROJECT: name the Google Cloud project"
  [[ $NAME =~ ^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$ ]] || die 2 "NAME=$NAME: lower-case letters, digits and dashes, at most 22"
  command -v gcloud >/dev/null || die 3 "no gcloud here; install the Google Cloud CLI and log in"
}

# Every call that changes something goes through here: printed in a plan, made otherwise.
change() {
  changes=$((changes + 1))
  if [[ $plan == yes ]]; then
    printf 'gcloud'
    printf ' %q' "$@"
    printf '\n'
  else
    echo "gcp: ${*:1:4}" >&2
    gcloud "$@" >&2
  fi
}

# Whether something is there. What is neither there nor plainly missing ends the run: no guess is made on an error.
there() {
  local said
  if said=$(gcloud "$@" --format='value(name)' 2>&1); then
    return 0
  fi
  grep --quiet --ignore-case --extended-regexp 'not.?found|404' <<<"$said" || die 3 "gcloud $*: $said"
  return 1
}

metadata() { # the value of one key of the instance; empty where it has none
  gcloud compute instances describe "$NAME" --project="$PROJECT" --zone="$ZONE" \
    --flatten='metadata.items[]' --filter="metadata.items.key=$1" --format='value(metadata.items.value)'
}

remember() { # KEY=VALUE[,KEY=VALUE]... in the instance's metadata
  change compute instances add-metadata "$NAME" --project="$PROJECT" --zone="$ZONE" --metadata="$1"
}

SSH=(compute ssh "$NAME" --project="$PROJECT" --zone="$ZONE" --tunnel-through-iap --quiet)

take_up() { # the start-up script reads the metadata again and starts what they name
  change "${SSH[@]}" --command='sudo google_metadata_script_runner startup'
}

healthy() { # whether the images of that name run and all of the stack is healthy; waits for it
  local deadline=$((SECONDS + HEALTH_WAIT_S))
  until gcloud "${SSH[@]}" --command="sudo grep -qxF '$1' /opt/zenlink/healthy" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep "$HEALTH_POLL_S"
  done
}

# Back to images that were healthy before. What fails here needs a person.
back_to() { # images
  echo "gcp: back to $1" >&2
  remember "zenlink-images=$1"
  take_up
  [[ $plan == yes ]] || healthy "$1" || die 1 "the images before are not healthy either: look at the instance"
}
