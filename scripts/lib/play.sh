# shellcheck shell=bash
# For scripts that need a running service with people: `baton demo`, kept and served. Sourced; makes
# the folder $scratch, which goes with everything else when the script ends.

: "${BATON_BIN:?set it to the built program, e.g. target/debug/baton}"
ready_within=120 # seconds

scratch=$(mktemp -d)
service=

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# serve OUTPUT COMMAND... -- starts what serves. With job control it gets a process group of its own
# and heeds SIGINT, which bash otherwise turns off for what runs in the background.
serve() {
  local output=$1
  shift
  set -m
  "$@" >"$output" 2>>"$scratch/log" &
  service=$!
  set +m
}

# stop -- ends it as Ctrl-C would, harder when that takes longer than 10 s.
stop() {
  local left=100
  kill -INT "$service" 2>/dev/null || return 0
  while kill -0 "$service" 2>/dev/null && ((left-- > 0)); do sleep 0.1; done
  kill -KILL "$service" 2>/dev/null || true
  service=
}

# serves COMMAND... -- waits until COMMAND says that the service is there.
serves() {
  local until=$((SECONDS + ready_within))
  until "$@"; do
    if ((SECONDS > until)) || ! kill -0 "$service" 2>/dev/null; then
      cat "$scratch/log" "$scratch/result" >&2
      fail "the service ended, or was not ready after $ready_within s"
    fi
    sleep 0.1
  done
}

# play CALLER... -- a little of everything, and the connections of these callers. A connection is
# complete with the last line of its file; it is written when the play is over.
play() {
  local caller
  serve "$scratch/result" "$BATON_BIN" demo --pupils 24 --keep "$scratch/play" --json
  for caller; do
    serves grep -qs '^key' "$scratch/play/connections/$caller/connection.toml"
  done
}

clean_up() {
  [[ -z $service ]] || stop
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
