#!/usr/bin/env bash
# Installs what the tests, the demo and the bench use beside Rust: Debian's prometheus, nginx,
# victoria-metrics, chromium, zstd and wrk, PyPI's httpbin in a virtual environment of its own, and beside it
# npm's packages where there is an npm.
#
#   scripts/setup-tests.sh                   everything; fails where something is missing
#   scripts/setup-tests.sh --debian A B      only these Debian packages
#
# Asks for no password: apt-get is used as root or through `sudo -n`. What is installed already,
# in whatever way, is left as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/brunt
venv=${BRUNT_TEST_VENV:-$cache/venv}
requirements=scripts/test-requirements.txt

say() { printf 'setup: %s\n' "$*" >&2; }

has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }

as_root=()
may_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
}

# Debian starts a service once it is installed. Here only the programs are wanted: a policy forbids
# starts while apt-get works, and what would start with the machine is switched off again.
debian_install() {
    local policy=/usr/sbin/policy-rc.d made='' package unit
    if ! may_install; then
        say "not installed: $*. Install them as root: apt-get install -y --no-install-recommends $*"
        return 1
    fi
    say "installing $*"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        made=yes
    fi
    local status=0
    install_packages "$@" || status=$?
    [ -z "$made" ] || "${as_root[@]}" rm -f "$policy"
    if [ "$status" != 0 ]; then
        say "apt-get could not install $*; the lines above say why"
        return 1
    fi
    if [ -d /run/systemd/system ]; then
        for package in "$@"; do
            case $package in
            prometheus) unit=prometheus ;;
            nginx-light) unit=nginx ;;
            victoria-metrics) unit=victoria-metrics ;;
            *) continue ;;
            esac
            "${as_root[@]}" systemctl disable --now --quiet "$unit" || say "could not disable $unit"
        done
    fi
}

install_packages() {
    local options=(-y -qq --no-install-recommends)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" >&2 && return
    say "updating the package lists and trying again"
    "${as_root[@]}" apt-get update -qq >&2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" >&2
}

# Program and package, for what is missing.
missing=()
need() { has "$1" || missing+=("$2"); }

if [ "${1:-}" = --debian ]; then
    shift
    for package in "$@"; do need "${package%-light}" "$package"; done
    [ "${#missing[@]}" = 0 ] || debian_install "${missing[@]}"
    exit
fi

need prometheus prometheus
need nginx nginx-light
need zstd zstd
need victoria-metrics victoria-metrics
need chromium chromium
python=${PYTHON:-python3}
has "$python" && "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
[ "${#missing[@]}" = 0 ] || debian_install "${missing[@]}"

if ! cmp -s "$requirements" "$venv/installed.txt" || [ ! -x "$venv/bin/python" ]; then
    say "installing $(grep -v '^#' "$requirements" | tr '\n' ' ')in $venv"
    mkdir -p "$(dirname "$venv")"
    "$python" -m venv --clear "$venv"
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"; then
        say "pip could not install $requirements; is PyPI (or a mirror set by PIP_INDEX_URL) reachable?"
        exit 1
    fi
    cp "$requirements" "$venv/installed.txt"
fi

# The models that Karpenter's and the Grafana operator's objects are checked against, the grammars of
# queries, and Grafana's types.
packages=scripts/test-packages.txt
if ! command -v npm >/dev/null 2>&1; then
    say "npm is not installed: what is checked with its packages is skipped"
elif ! cmp -s "$packages" "$venv/node/installed.txt"; then
    say "installing $(grep -v '^#' "$packages" | tr '\n' ' ')in $venv/node"
    mkdir -p "$venv/node"
    # Without a manifest of its own npm would look for one in the folders above.
    echo '{ "private": true }' >"$venv/node/package.json"
    if ! grep -v '^#' "$packages" | xargs npm install --silent --no-audit --no-fund --prefix "$venv/node"; then
        say "npm could not install $packages; is its registry (npm config get registry) reachable?"
        exit 1
    fi
    cp "$packages" "$venv/node/installed.txt"
fi

cargo nextest --version >/dev/null 2>&1 ||
    say "cargo-nextest is not installed: tests run with cargo test, only slower (cargo install --locked cargo-nextest)"
say "ready"
