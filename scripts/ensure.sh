#!/usr/bin/env bash
# Sets up what is missing of the named tools, and says what takes long: ensure.sh rust nextest deny sam node headless
# What it installs goes below $TOOLS, for every clone of one user; `make clean-tools` removes it.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/tools.sh

NEXTEST=0.9.143
DENY=0.20.2
SAM=1.170.0
NODE=20
CARGO_LAMBDA=1.9.2

say() { printf '· %s\n' "$*" >&2; }
stop() {
    printf '\n%s\n' "$@" >&2
    exit 1
}

rust() {
    command -v cargo >/dev/null || stop "Rust is missing. Install it with rustup (https://rustup.rs), then run this again."
    command -v cc >/dev/null || stop "A C compiler is missing. Install one (Debian, Ubuntu: apt-get install build-essential; Fedora: dnf install gcc; macOS: xcode-select --install), then run this again."
    # rustup reads rust-toolchain.toml and fetches the version it names.
    local wanted have
    wanted=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
    have=$(cargo --version 2>&1) || stop "Rust $wanted could not be set up:" "$have" "Try: rustup toolchain install $wanted --component clippy,rustfmt"
    printf '%s\n%s\n' "$wanted" "$(cut -d' ' -f2 <<<"$have")" | sort -CV ||
        stop "Rust $wanted or newer is needed, and this is $have. Install rustup (https://rustup.rs), which takes the right one by itself."
    for component in clippy fmt; do
        cargo "$component" --version >/dev/null 2>&1 ||
            { command -v rustup >/dev/null && rustup component add clippy rustfmt >&2; } ||
            stop "cargo $component is missing. Try: rustup component add clippy rustfmt"
    done
}

# Built without optimisation: they are used seldom, and this way in half the time.
crate() {
    local subcommand=$1 name=$2 version=$3
    cargo "$subcommand" --version >/dev/null 2>&1 && return
    say "Installing $name $version, once; about 3 minutes on two cores."
    cargo install --quiet --locked --debug --root "$TOOLS" "$name@$version" ||
        stop "$name could not be installed. Try by hand: cargo install --locked $name@$version"
}
nextest() { crate nextest cargo-nextest "$NEXTEST"; }
deny() { crate deny cargo-deny "$DENY"; }

sam() {
    local venv=$TOOLS/venv pins="aws-sam-cli==$SAM cargo-lambda==$CARGO_LAMBDA"
    if [ "$(cat "$venv/pins" 2>/dev/null)" != "$pins" ]; then
        command -v python3 >/dev/null || stop "Python 3 is missing (Debian, Ubuntu: apt-get install python3 python3-venv)."
        say "Installing the SAM CLI and cargo-lambda, once; about 90 seconds."
        rm -rf "$venv"
        python3 -m venv "$venv" || stop "Python can't make environments (Debian, Ubuntu: apt-get install python3-venv)."
        # shellcheck disable=SC2086 # two words
        "$venv/bin/pip" install --quiet --disable-pip-version-check $pins || stop "The SAM CLI could not be installed; see above."
        echo "$pins" >"$venv/pins"
    fi
    mkdir -p "$TOOLS/bin"
    ln -sf "$venv/bin/sam" "$venv/bin/cargo-lambda" "$venv"/lib/python3*/site-packages/ziglang/zig "$TOOLS/bin/"
}

node() {
    local have
    have=$(command node --version 2>/dev/null) && command -v npm >/dev/null ||
        stop "Node $NODE or newer is missing, or its npm. Install it (https://nodejs.org; Debian, Ubuntu: apt-get install nodejs npm), then run this again."
    have=${have#v}
    [ "${have%%.*}" -ge "$NODE" ] ||
        stop "Node $NODE or newer is needed, and this is $have. Install one from https://nodejs.org, then run this again."
}

chromium() {
    command -v chromium >/dev/null && return
    if [ "$(id -u)" = 0 ] && grep -qsiE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release; then
        say "Installing Chromium, once."
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2 && return
    fi
    stop "Chromium is missing. Install it (Debian: apt-get install chromium; Fedora: dnf install chromium; macOS: brew install chromium), then run this again."
}

# Chromium without its window, with which pages are tested in four fifths of the time; Chromium itself where there is none.
headless() {
    command -v chromium-headless-shell >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
        say "Installing Chromium's headless shell, once."
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >&2 && return
    fi
    chromium
}

for tool in "$@"; do "$tool"; done
