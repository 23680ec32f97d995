#!/bin/sh
# Replaces what runs by what docker-compose.yml, .env and the images say by now, one by one, while all requests are answered:
#   sh gateway/edge/roll.sh gateways   the gateways
#   sh gateway/edge/roll.sh model      TorchServe: a second one comes up beside it and gateways go over, one by one, before it is replaced
# Two gateways or more have to run: with fewer it touches nothing and says what to do.
# Which project that is Compose is told as ever: by .env, COMPOSE_FILE and COMPOSE_PROJECT_NAME.
set -eu

STOP_SECONDS=10 WELL_SECONDS=${WELL_SECONDS:-120}

fail() {
    echo "roll: $1" >&2
    exit 1
}

# Quietly; what was said last is told where it fails.
run() {
    said=$("$@" 2>&1) || fail "$* failed: $(echo "$said" | tail -n 1)"
}

compose() {
    if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi
}

# A container, and what to run in it until that says yes.
wait_well() {
    container=$1 left=$WELL_SECONDS
    shift
    until said=$(docker exec "$container" "$@" 2>&1); do
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "$container is not well, nothing else was touched: $(echo "$said" | tail -n 1)"
        sleep 1
    done
}

# Those that there are, into `old`; where one of them ends, another runs. Compose 1.29 lists stopped ones too.
find_gateways() {
    old=$(compose ps -q gateway)
    number=0 running=0
    for each in $old; do
        number=$((number + 1))
        [ "$(docker inspect -f '{{.State.Status}}' "$each")" != running ] || running=$((running + 1))
    done
    case $running in
    0) fail "no gateway runs; \`docker compose up -d\` starts all" ;;
    # It waits until the second is well, and --no-recreate keeps it from replacing the first itself.
    1) fail "one gateway alone runs, nobody would answer while it is replaced; first \`docker compose up -d --scale gateway=2 --no-recreate\`, or more" ;;
    esac
}

roll_gateways() {
    find_gateways
    done=0
    for each in $old; do
        run docker stop -t "$STOP_SECONDS" "$each"
        run docker rm -v "$each"
        run compose up -d --no-deps --no-recreate --scale "gateway=$number" gateway
        for now in $(compose ps -q gateway); do
            case $old in
            *"$now"*) ;;
            *) wait_well "$now" python -ISB /app/gateway/healthcheck.py /readyz ;;
            esac
        done
        done=$((done + 1))
        echo "gateway $done of $number is new"
    done
}

start_torchserve() {
    run compose --profile next up -d --no-deps "$1"
    wait_well "$(compose --profile next ps -q "$1")" python -ISB /app/handler/healthcheck.py
    echo "$1 is new and well"
}

# It would bring up as the former version's successor, and at last remove, what is a candidate.
check_no_candidate() {
    candidate=${CANDIDATE_URL-$(sed -n 's/^CANDIDATE_URL=//p' .env 2>/dev/null || true)}
    [ -z "$candidate" ] || fail "CANDIDATE_URL is set: torchserve-next is a candidate's; unset both CANDIDATE_ settings and \`sh gateway/edge/roll.sh gateways\` first"
}

roll_model() {
    check_no_candidate
    find_gateways
    start_torchserve torchserve-next
    (
        export TORCHSERVE=torchserve-next
        roll_gateways
    )
    start_torchserve torchserve
    roll_gateways
    run compose --profile next rm -s -f torchserve-next
}

cd "$(dirname "$0")/../.."
case ${1-} in
gateways) roll_gateways ;;
model) roll_model ;;
*) fail "what? Give \`gateways\` or \`model\`" ;;
esac
