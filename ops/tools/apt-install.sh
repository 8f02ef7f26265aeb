#!/bin/sh
# Installs Debian packages without starting their services. Runs as root.
# Arguments: path of policy-rc.d, "update" or "no-update", then the package names.
set -eu

export DEBIAN_FRONTEND=noninteractive
marker='written by aion tools:install'
policy=$1
update=$2
shift 2

# A policy of the machine is kept. One with our marker was left by a killed run and is replaced.
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
