#!/usr/bin/env bash
# Removes what deploy.sh made, in the opposite order:  destroy.sh --yes | --plan
# The instance's disk goes with it, volumes and certificates included: make a backup first. Settings: settings.sh.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=docker/gcp/settings.sh
source "$here/settings.sh"
case ${1:-} in
--plan) plan=yes ;;
--yes) ;;
*) die 2 "this removes the instance and its disk: say --yes, or look with --plan" ;;
esac

remove() { # the kind of thing, words of gcloud; then its name and where it is
  local kind=$1
  shift
  # shellcheck disable=SC2086  # KIND is several words
  if there $kind describe "$@"; then change $kind delete "$@" --quiet; fi
}

check_settings
remove "compute instances" "$NAME" --project="$PROJECT" --zone="$ZONE"
for role in "${ROLES[@]}"; do
  given=$(gcloud projects get-iam-policy "$PROJECT" --flatten='bindings[].members' \
    --filter="bindings.members=serviceAccount:$ACCOUNT" --format='value(bindings.role)')
  ! grep --quiet --line-regexp --fixed-strings "$role" <<<"$given" ||
    change projects remove-iam-policy-binding "$PROJECT" --member="serviceAccount:$ACCOUNT" --role="$role" --condition=None
done
remove "iam service-accounts" "$ACCOUNT" --project="$PROJECT"
remove "compute firewall-rules" "$NAME-ssh" --project="$PROJECT"
remove "compute firewall-rules" "$NAME-robots" --project="$PROJECT"
remove "compute addresses" "$NAME" --project="$PROJECT" --region="$REGION"
remove "compute networks subnets" "$NAME" --project="$PROJECT" --region="$REGION"
remove "compute networks" "$NAME" --project="$PROJECT"
echo "gcp: $changes changes$([[ $plan == no ]] || echo " to make")" >&2
