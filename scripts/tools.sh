# Where ensure.sh puts tools; sourced.
: "${TOOLS:=${XDG_CACHE_HOME:-$HOME/.cache}/clientconnect}"
export TOOLS PATH="$PATH:$TOOLS/bin"
