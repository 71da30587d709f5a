#!/bin/sh
# The same seeds must give the same digests on every Python that Trellis supports.
# Each interpreter found (or named) gets an environment of its own from requirements.lock.
# Usage: same_digests_on_pythons.sh SEEDS [PYTHON ...]
set -eu
seeds=$1
shift
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$here/build/pythons
[ $# -gt 0 ] || set -- python3.11 python3.12 python3.13
first= compared=0

for python; do
    if ! "$python" -c '' 2>/dev/null; then
        echo "$python: not here, left out"
        continue
    fi
    version=$("$python" -c 'import platform; print(platform.python_version())')
    (cd "$here" && sh tests/tools/venv.sh "$python" "$folder/$version" >/dev/null)
    digest=$(cd "$here" && "$folder/$version/bin/python" -m simulations sweep \
        --seeds "$seeds" --no-database | grep -oE '[0-9a-f]{32,}' | tail -1)
    echo "Python $version: $digest"
    [ -n "$first" ] || first=$digest
    if [ "$digest" != "$first" ]; then
        echo "seeds $seeds differ between versions of Python" >&2
        exit 1
    fi
    compared=$((compared + 1))
done
[ "$compared" -gt 1 ] || { echo "only $compared Python to compare" >&2; exit 1; }
echo "seeds $seeds: the same digests on $compared versions of Python"
