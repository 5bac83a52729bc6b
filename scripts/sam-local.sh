#!/usr/bin/env bash
# Runs functions in Lambda's own environment, in Docker, against a running `make run`:
#   sam-local.sh invoke PortalGetHome --event .local/event.json
#   sam-local.sh start-api portal [--port 3000]
# Whatever follows is passed on to `sam local`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh
scripts/ensure.sh sam

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}
command=${1-} what=${2-}
[ -n "$what" ] || stop "Say what: sam-local.sh invoke FUNCTION … or sam-local.sh start-api portal|admin …"
shift 2
case $what in
    Portal* | portal) stack=Portal ;;
    Admin* | admin) stack=Admin ;;
    Jobs*) stack=Jobs ;;
    *) stop "There is no $what: functions are called like PortalGetHome, APIs portal and admin." ;;
esac
template=.aws-sam/build/$stack/template.yaml
[ -e "$template" ] || stop "Nothing is built yet: make build"
docker info >/dev/null 2>&1 || stop "No Docker answers. sam local needs it."

# Containers know this machine by this name, but reach no loopback address of it.
endpoint=http://host.docker.internal:${AWS_PORT:-8082}
if [ "$(uname)" = Linux ] && ! (: <"/dev/tcp/$(hostname -I | cut -d' ' -f1)/${AWS_PORT:-8082}") 2>/dev/null; then
    stop "Nothing answers on port ${AWS_PORT:-8082} where containers look for it. Start it with: AWS_ADDRESS=0.0.0.0 make run"
fi

# A function signs as itself, and may do what its role in the template allows; an API's functions share one key.
caller=root
if [ "$command" = invoke ]; then
    caller=$(sed -n "/^  $what:/,/^  [A-Z]/s/^ *Handler: //p" "infra/${stack,,}.yaml")
    [ -n "$caller" ] || stop "infra/${stack,,}.yaml has no function $what."
    set -- "$what" "$@"
fi
secret=$(python3 scripts/local_key.py "$caller")

export AWS_ACCESS_KEY_ID=$caller AWS_SECRET_ACCESS_KEY=$secret AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
unset AWS_SESSION_TOKEN AWS_PROFILE
# An image of the base is taken as it is where there is one, and fetched where there is none.
docker image inspect public.ecr.aws/lambda/provided:al2023-x86_64 >/dev/null 2>&1 && set -- "$@" --skip-pull-image
set -- sam local "$command" "$@" --template "$template" --add-host host.docker.internal:host-gateway \
    --parameter-overrides "AwsEndpoint=$endpoint"
printf '· %s\n' "$*" >&2
exec "$@"
