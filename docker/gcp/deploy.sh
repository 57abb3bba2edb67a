#!/usr/bin/env bash
# Brings the stack to an instance of Google Cloud, and new images to one that is there:  deploy.sh [--plan]
#   --plan   print every call that would change something, and make none
# Each thing is described first and made only where it is missing, so a second run changes nothing and a run after a failure goes on
# where that one ended. Images come by digest, from build/digests (make push). Where the new ones are not healthy, those
# before come back, and the exit code is 1. Settings: settings.sh.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=docker/gcp/settings.sh
source "$here/settings.sh"
root=$(cd "$here/../.." && pwd)
DIGESTS=${DIGESTS:-$root/build/digests}

case ${1:-} in
--plan) plan=yes ;;
"") ;;
*) die 2 "no such option: $1; there is --plan" ;;
esac

wanted_images() { # "ZENLINK_IMAGE=... ISAAC_IMAGE=...", by digest
  [[ -s $DIGESTS ]] || die 2 "$DIGESTS is missing: make images, then make push REGISTRY=..."
  local name reference images=()
  while read -r name reference; do
    [[ $reference =~ @sha256:[0-9a-f]{64}$ ]] || die 2 "$DIGESTS: $name has no digest: $reference"
    case $name in
    bridge) images+=("ZENLINK_IMAGE=$reference" "ROUTER_IMAGE=$reference") ;;
    isaac-sim) images+=("ISAAC_IMAGE=$reference") ;;
    esac
  done <"$DIGESTS"
  echo "${images[*]}"
}

check_ranges() {
  local range
  [[ -n $SOURCE_RANGES ]] || die 2 "SOURCE_RANGES: name the networks that may reach port 443, e.g. 203.0.113.0/24"
  for range in ${SOURCE_RANGES//,/ }; do
    [[ $range =~ ^[0-9.]+/[0-9]+$ && ${range#*/} -ge 8 ]] || die 2 "SOURCE_RANGES: $range is too wide, or no network"
  done
}

network() {
  there compute networks describe "$NAME" --project="$PROJECT" ||
    change compute networks create "$NAME" --project="$PROJECT" --subnet-mode=custom
  there compute networks subnets describe "$NAME" --project="$PROJECT" --region="$REGION" ||
    change compute networks subnets create "$NAME" --project="$PROJECT" --region="$REGION" --network="$NAME" \
      --range="$SUBNET_RANGE" --enable-private-ip-google-access
  there compute addresses describe "$NAME" --project="$PROJECT" --region="$REGION" || # links survive a stop and start
    change compute addresses create "$NAME" --project="$PROJECT" --region="$REGION"
  firewall "$NAME-robots" tcp:443 "$SOURCE_RANGES"
  firewall "$NAME-ssh" tcp:22 "$IAP_RANGE"
}

firewall() { # name, what, from where: to this account's instances and no others
  there compute firewall-rules describe "$1" --project="$PROJECT" ||
    change compute firewall-rules create "$1" --project="$PROJECT" --network="$NAME" --direction=INGRESS \
      --action=ALLOW --rules="$2" --source-ranges="$3" --target-service-accounts="$ACCOUNT"
}

account() {
  local role given
  there iam service-accounts describe "$ACCOUNT" --project="$PROJECT" ||
    change iam service-accounts create "$NAME-agent" --project="$PROJECT" --display-name="zenlink instance"
  given=$(gcloud projects get-iam-policy "$PROJECT" --flatten='bindings[].members' \
    --filter="bindings.members=serviceAccount:$ACCOUNT" --format='value(bindings.role)')
  for role in "${ROLES[@]}"; do
    grep --quiet --line-regexp --fixed-strings "$role" <<<"$given" ||
      change projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$ACCOUNT" --role="$role" \
        --condition=None
  done
}

instance() { # images
  local spot=()
  [[ $SPOT != yes ]] || spot=(--provisioning-model=SPOT --instance-termination-action=STOP)
  change compute instances create "$NAME" --project="$PROJECT" --zone="$ZONE" --machine-type="$MACHINE_TYPE" \
    --maintenance-policy=TERMINATE "${spot[@]}" --image-project="$IMAGE_PROJECT" --image-family="$IMAGE_FAMILY" \
    --boot-disk-size="${DISK_GB}GB" --boot-disk-type=pd-balanced --network-interface="subnet=$NAME,address=$NAME" \
    --service-account="$ACCOUNT" --scopes=cloud-platform --labels=app=zenlink \
    --metadata="enable-oslogin=TRUE,zenlink-images=$1" \
    --metadata-from-file="startup-script=$here/startup.sh,zenlink-bundle=$root/build/gcp/bundle"
}

bundle() { # the stack's files as one text, small enough for metadata (256 KiB)
  mkdir -p "$root/build/gcp"
  tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --directory "$root" \
    --exclude=docker/.env --exclude=docker/backups docker configs | gzip --no-name | base64 --wrap=0 \
    >"$root/build/gcp/bundle"
}

main() {
  local wanted running="" good=""
  check_settings
  check_ranges
  wanted=$(wanted_images)
  bundle
  account # firewall rules name it
  network
  if there compute instances describe "$NAME" --project="$PROJECT" --zone="$ZONE"; then
    running=$(metadata zenlink-images)
    good=$(metadata zenlink-good)
    if [[ $running != "$wanted" ]]; then
      change compute instances add-metadata "$NAME" --project="$PROJECT" --zone="$ZONE" \
        --metadata="zenlink-images=$wanted" \
        --metadata-from-file="startup-script=$here/startup.sh,zenlink-bundle=$root/build/gcp/bundle"
      take_up
    fi
  else
    instance "$wanted"
  fi
  if [[ $good != "$wanted" ]]; then
    if [[ $plan == no ]] && ! healthy "$wanted"; then
      [[ -n $good ]] || die 1 "not healthy, and nothing to go back to: look at the instance"
      back_to "$good"
      die 1 "the new images were not healthy; those before are back"
    fi
    remember "zenlink-good=$wanted,zenlink-before=$good"
  fi
  echo "gcp: $changes changes$([[ $plan == no ]] || echo " to make")" >&2
}

main
