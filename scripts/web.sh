#!/usr/bin/env bash
# Builds the two sites, unless both builds are newer than everything they are made of.
set -euo pipefail
cd "$(dirname "$0")/../web"

# npm writes this file last.
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; then
    echo "· Installing what the sites are built with; about a minute." >&2
    # Not `npm ci`, which refuses a lock file that lacks optional packages of other systems.
    npm install --no-save --no-audit --no-fund --loglevel=error
fi

built=(portal/build/index.html admin/build/index.html)
sources() {
    find . \( -name node_modules -o -name build -o -name .svelte-kit -o -name generated -o -name cache -o -name e2e -o -name screenshots \) -prune -o -type f "$@" -print
}
if [ ! -e "${built[0]}" ] || [ ! -e "${built[1]}" ] ||
    [ -n "$(sources \( -newer "${built[0]}" -o -newer "${built[1]}" \))" ]; then
    echo "· Building the sites; about half a minute." >&2
    npm run --silent build
fi
