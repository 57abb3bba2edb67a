#!/usr/bin/env bash
# Back to the images that were healthy before:  rollback.sh [--plan]
# After a deployment that failed, to the last good ones; from good ones, to those before them. Settings: settings.sh.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=docker/gcp/settings.sh
source "$here/settings.sh"
[[ ${1:-} != --plan ]] || plan=yes

check_settings
there compute instances describe "$NAME" --project="$PROJECT" --zone="$ZONE" || die 3 "there is no instance $NAME in $ZONE"
running=$(metadata zenlink-images)
target=$(metadata zenlink-good)
[[ $running != "$target" ]] || target=$(metadata zenlink-before)
[[ -n $target ]] || die 3 "nothing to go back to: no images were healthy before these"
back_to "$target"
remember "zenlink-good=$target,zenlink-before="
