#!/bin/sh
# Installs the Debian packages that integration tests use, where that can be done without asking.
# Elsewhere the tests that need a missing one are skipped, each with its reason.
set -eu
packages="avahi-daemon chromium curl dbus fonts-dejavu-core gcc iproute2 libc6-dev nftables spin strace"

missing=""
for package in $packages; do
    dpkg-query --show --showformat '${Status}' "$package" 2>/dev/null |
        grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed, tests that need them are skipped:$missing"
    exit 0
fi

echo "installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # the list is meant to be split
{ apt-get update && apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1 || {
    cat "$log"
    # On a developer's machine a missing daemon skips a test; in CI nothing may be skipped quietly.
    [ "${CI:-}" != true ]
}
