# Sourced by the other scripts: a virtual environment with the locked packages, made once and again when the lock changes.
# Sets PY to its Python. Usage: . scripts/setup.sh run|dev

set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=${1:-run}
venv=${JJJ_VENV:-$root/.venv}

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3.14 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    echo "Python 3.11 or later is missing. Debian 12: apt-get install python3 python3-venv" >&2
    return 1
}

make_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "This Python cannot make a virtual environment. Debian and Ubuntu: apt-get install python3-venv" >&2
        return 1
    fi
    "$python" -m venv "$venv"
}

lock_state() {
    cat "$root/requirements/$wanted.txt" "$root/pyproject.toml" | "$venv/bin/python" -c \
        'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

# pip comes last: an environment without it was interrupted while it was made.
[ -x "$venv/bin/python" ] && [ -x "$venv/bin/pip" ] || make_venv
stamp=$venv/.locked-$wanted
[ -f "$venv/.locked-dev" ] && [ "$wanted" = run ] && stamp=$venv/.locked-dev && wanted=dev
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$(lock_state)" ]; then
    echo "Installing locked packages ($wanted) …" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$root/requirements/$wanted.txt"
    # An editable project and hashes exclude one another in pip, so the lock goes first and the project follows without dependencies.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$root"
    lock_state > "$stamp"
fi
PY=$venv/bin/python
