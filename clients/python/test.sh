#!/usr/bin/env bash
# The Python client against a real service: generates the code, starts `baton demo`, runs the tests,
# takes everything away. BATON_BIN is the built program; `python` has requirements.txt.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proto=$here/../../proto
: "${BATON_BIN:?set it to the built program, e.g. target/debug/baton}"
ready_within=120 # seconds

scratch=$(mktemp -d)
service=

# stop -- ends the service as Ctrl-C would, harder when that takes longer than 10 s.
stop() {
  local left=100
  kill -INT "$service" 2>/dev/null || return 0
  while kill -0 "$service" 2>/dev/null && ((left-- > 0)); do sleep 0.1; done
  kill -KILL "$service" 2>/dev/null || true
}

clean_up() {
  [[ -z $service ]] || stop
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

python -m grpc_tools.protoc --proto_path="$proto" --python_out="$scratch" \
  --grpc_python_out="$scratch" "$proto"/baton/v1/*.proto

# With job control it gets a process group of its own and heeds SIGINT, which bash otherwise turns
# off for what runs in the background.
set -m
"$BATON_BIN" demo --pupils 24 --keep "$scratch/play" --json >"$scratch/result" 2>"$scratch/log" &
service=$!
set +m

# A connection is complete with the last line of its file; it is written when the play is over.
for caller in officer auditor primary-1-sender secondary-1 stranger; do
  until grep -q '^key' "$scratch/play/connections/$caller/connection.toml" 2>/dev/null; do
    if ((SECONDS > ready_within)) || ! kill -0 "$service" 2>/dev/null; then
      printf 'the demo ended, or was not ready after %s s:\n' "$ready_within" >&2
      cat "$scratch/log" "$scratch/result" >&2
      exit 1
    fi
    sleep 0.1
  done
done

BATON_CONNECTIONS=$scratch/play/connections PYTHONPATH=$scratch:$here PYTHONDONTWRITEBYTECODE=1 \
  python -W error::ResourceWarning "$here/test_client.py" "$@"
BATON_CONNECTIONS=$scratch/play/connections PYTHONPATH=$scratch:$here PYTHONDONTWRITEBYTECODE=1 \
  python -W error::ResourceWarning "$here/test_witness.py"
