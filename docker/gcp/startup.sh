#!/usr/bin/env bash
# Runs on the instance at every start, and when deploy.sh or rollback.sh hands it other images: installs Docker and, where there is
# a GPU, NVIDIA's toolkit; unpacks the stack; starts it; says in /opt/zenlink/healthy which images are healthy.
set -euo pipefail

home=/opt/zenlink
attributes=http://metadata.google.internal/computeMetadata/v1/instance
attribute() { curl --silent --fail --header 'Metadata-Flavor: Google' "$attributes/$1" || true; }

packages() {
  export DEBIAN_FRONTEND=noninteractive
  if ! docker compose version >/dev/null 2>&1; then
    apt-get update --quiet
    apt-get install --yes --no-install-recommends docker.io docker-compose-v2 make curl
  fi
  if [[ -e /proc/driver/nvidia ]] && ! command -v nvidia-ctk >/dev/null; then
    local site=https://nvidia.github.io/libnvidia-container keyring=/usr/share/keyrings/nvidia-container-toolkit.gpg
    curl --silent --show-error --fail --location "$site/gpgkey" | gpg --dearmor --yes --output "$keyring"
    curl --silent --show-error --fail --location "$site/stable/deb/nvidia-container-toolkit.list" |
      sed "s#^deb #deb [signed-by=$keyring] #" >/etc/apt/sources.list.d/nvidia-container-toolkit.list
    apt-get update --quiet
    apt-get install --yes --no-install-recommends nvidia-container-toolkit
    nvidia-ctk runtime configure --runtime=docker
    systemctl restart docker
  fi
}

log_in() { # to the registry of each image, as the instance's own account; the token lasts an hour
  local token image
  token=$(attribute service-accounts/default/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  for image in $images; do
    image=${image#*=}
    docker login --username oauth2accesstoken --password-stdin "https://${image%%/*}" <<<"$token" >/dev/null
  done
}

images=$(attribute attributes/zenlink-images)
[[ -n $images ]] || { echo "startup: no zenlink-images in the metadata" >&2; exit 1; }
mkdir -p "$home"
rm -f "$home/healthy"
packages
attribute attributes/zenlink-bundle | base64 --decode | tar --extract --gzip --directory "$home"
[[ -e $home/docker/.env ]] || cp "$home/docker/.env.example" "$home/docker/.env"
for assignment in $images ROUTER_NAMES="$(attribute network-interfaces/0/access-configs/0/external-ip)"; do
  sed --in-place "s#^${assignment%%=*}=.*#$assignment#" "$home/docker/.env"
done
log_in
profiles=monitoring
[[ ! -e /proc/driver/nvidia || $(sed -n 's/^ACCEPT_EULA=//p' "$home/docker/.env") != Y ]] || profiles+=" sim"
PROFILES=$profiles WAIT_S=800 "$home/docker/stack.sh" up
echo "$images" >"$home/healthy"
