#!/bin/sh
# The same seeds must give the same digests in another process and under another hash seed.
# Compares every digest (32 or more hexadecimal digits) that the sweep prints.
# Usage: same_digests.sh PYTHON SEEDS
set -eu
python=$1
seeds=$2

digests() {
    PYTHONHASHSEED=$1 "$python" -m simulations sweep --seeds "$seeds" --no-database | grep -oE '[0-9a-f]{32,}'
}

one=$(digests 1) || { echo "the sweep of seeds $seeds failed or printed no digest" >&2; exit 1; }
two=$(digests 2) || { echo "the sweep of seeds $seeds failed or printed no digest" >&2; exit 1; }
if [ "$one" != "$two" ]; then
    printf 'seeds %s differ between PYTHONHASHSEED 1 and 2:\n%s\n%s\n' "$seeds" "$one" "$two" >&2
    exit 1
fi
echo "seeds $seeds: the same digests in two processes under two hash seeds"
