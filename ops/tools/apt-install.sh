#!/bin/sh
# Installs Debian packages without starting the services they bring. Runs as root.
# Arguments: path of policy-rc.d, "update" or "no-update", then the package names.
set -eu

export DEBIAN_FRONTEND=noninteractive
marker='written by aion tools:install'
policy=$1
update=$2
shift 2

# A policy that somebody else set is respected. One of ours outlived a killed run and is taken over.
if [ ! -e "$policy" ] || grep -q "$marker" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\n# %s\nexit 101\n' "$marker" >"$policy"
  chmod 755 "$policy"
fi

if [ "$update" = update ]; then
  apt-get update
fi
apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
