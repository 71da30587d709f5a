#!/bin/sh
# Makes a virtual environment that holds what the lock names, or brings one up to date.
# Usage: venv.sh PYTHON FOLDER
set -eu
python=$1
folder=$2

fail() {
    echo "trellis: $1" >&2
    exit 1
}

version() {
    "$1" -c 'import sys; print(sys.version)' 2>/dev/null || echo none
}

[ -n "$python" ] || fail "needs Python 3.11 or newer, and found none (on Debian: apt-get install python3 python3-venv); if it has another name: make PYTHON=/path/to/python"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "needs Python 3.11 or newer, and $python is not: make PYTHON=/path/to/python"

if [ "$(version "$folder/bin/python")" != "$(version "$python")" ] ||
    ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$folder"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$folder"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        # Debian splits the venv module off; virtualenv does the same from the package registry.
        borrowed=$(mktemp -d)
        trap 'rm -rf "$borrowed"' EXIT
        "$python" -m pip install --quiet --quiet --target "$borrowed" virtualenv
        PYTHONPATH=$borrowed "$python" -m virtualenv --quiet "$folder"
    else
        fail "$python has neither venv nor pip: apt-get install python3-venv"
    fi
fi

echo "installing what requirements.lock names into $folder"
"$folder/bin/python" -m pip install --quiet --quiet --disable-pip-version-check \
    --no-deps --require-hashes --requirement requirements.lock
