#!/bin/sh
# The same seeds must give the same digests on every Python that Trellis supports.
# Each interpreter found (or named) gets an environment of its own from requirements.lock, once:
# it is installed again only when the lock has changed.
# Usage: same_digests_on_pythons.sh SEEDS [PYTHON ...]
set -eu
seeds=$1
shift
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$here/build/pythons
lock=$(cksum <"$here/requirements.lock")
[ $# -gt 0 ] || set -- python3.11 python3.12 python3.13
first= compared=0

# pyenv's shims of versions that are not the chosen one cannot run: its installations can.
interpreter() {
    "$1" -c 'import sys; print(sys.executable)' 2>/dev/null && return
    for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/${1#python}".*/bin/"$1"; do
        [ -x "$found" ] && echo "$found" && return
    done
    return 1
}

prepare() {
    [ "$(cat "$2/lock" 2>/dev/null)" = "$lock" ] && return
    (cd "$here" && sh tests/tools/venv.sh "$1" "$2" >/dev/null)
    echo "$lock" >"$2/lock"
}

for name; do
    if ! python=$(interpreter "$name"); then
        echo "$name: not here, left out"
        continue
    fi
    version=$("$python" -c 'import platform; print(platform.python_version())')
    prepare "$python" "$folder/$version"
    swept=$(cd "$here" && "$folder/$version/bin/python" -m simulations sweep \
        --seeds "$seeds" --no-database) || { echo "$swept" >&2; exit 1; }
    digest=$(echo "$swept" | grep -oE '[0-9a-f]{32,}' | tail -1)
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
