#!/usr/bin/env bash
# Looks at what `sam build` made: one artifact for all functions, and its zipped size within the budget.
set -euo pipefail
cd "$(dirname "$0")/../.aws-sam/build"
LIMIT=$((8 * 1024 * 1024))

mapfile -t built < <(find . -name bootstrap -type f)
[ "${#built[@]}" -eq 1 ] || { printf '%s\n' "${#built[@]} artifacts were built where one is meant:" "${built[@]}" >&2; exit 1; }
size=$(python3 -c 'import io, sys, zipfile
out = io.BytesIO()
zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED).write(sys.argv[1])
print(len(out.getvalue()))' "${built[0]}")
printf 'One artifact: %d bytes, %d zipped; the limit is %d.\n' "$(stat -c %s "${built[0]}" 2>/dev/null || stat -f %z "${built[0]}")" "$size" "$LIMIT"
[ "$size" -le "$LIMIT" ]
