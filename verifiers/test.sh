#!/usr/bin/env bash
# A ledger of more than 10,000 entries, exported and checked by programs that share nothing with
# Baton, and by Baton without a service. Then with one byte flipped: each of them has to see it.
# BATON_BIN is the built program; `python` has python/requirements.txt; `go` and the Debian package
# golang-golang-x-mod-dev are there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/play.sh
source "$here/../scripts/lib/play.sh"
entries=10000
seed=20260722

# as WHO COMMAND... -- the program, with somebody's connection.
as() {
  local who=$1
  shift
  "$BATON_BIN" --connection "$scratch/play/connections/$who/connection.toml" "$@"
}

printf 'building the Go verifier\n'
GO111MODULE=off GOPATH=${BATON_GOCODE:-/usr/share/gocode} GOCACHE=$scratch/gocache GOFLAGS='' \
  go build -o "$scratch/verify-go" "$here/go/main.go"

play officer auditor primary-1-sender

# An export that is extended later has to stay the same ledger.
as auditor --json audit export "$scratch/ledger" >"$scratch/first"

# Many entries, quickly and through the front door: a register, each establishment an entry.
python "$here/python/register.py" "$entries" >"$scratch/register.csv"
started=$SECONDS
as officer --json settings import --gias "$scratch/register.csv" | tail -1
printf '%s entries in %s s\n' "$entries" $((SECONDS - started))

as auditor --json audit export "$scratch/ledger" >"$scratch/second"
cat "$scratch/first" "$scratch/second"
vkey=$(<"$scratch/ledger/baton/verifier-keys")
# Another key takes over; whoever holds the first one has to find the way.
as officer --json keys rotate-log
as auditor --json audit export "$scratch/ledger" >/dev/null
[[ $(wc -l <"$scratch/ledger/baton/verifier-keys") == 2 ]] || fail "there are not two keys"
position=$((entries / 2))
as auditor audit prove "$position" --key "$vkey" --out "$scratch/one.tlog-proof" --entry "$scratch/one.entry" >/dev/null
# Further entries, so that the proof is of another checkpoint than the export of before.
as auditor --json audit export "$scratch/ledger" >/dev/null
stop

# From here on nobody serves anything.
# Both keys still sign, since the demo's days do not pass. As after the overlap: the new one alone.
new_vkey=$(tail -n 1 "$scratch/ledger/baton/verifier-keys")
python - "$scratch" "$vkey" "$new_vkey" <<'PY'
import pathlib, sys
scratch, old, new = pathlib.Path(sys.argv[1]), *sys.argv[2:]
import base64
def drops(path):
    lines = path.read_text().splitlines(keepends=True)
    key_id = bytes.fromhex(old.split("+")[1])
    signed = lambda line: line.startswith("\u2014") and base64.b64decode(line.split(" ")[2])[:4] == key_id
    path.write_text("".join(line for line in lines if not signed(line)))
for path in [scratch / "ledger/checkpoint", *scratch.glob("ledger/baton/checkpoints/*")]:
    if "\u2014" in path.read_text() and path.read_text().count("\u2014") > 1:
        drops(path)
PY
# A witness signs that checkpoint, asked as C2SP tlog-witness says; the Go packages know no such keys.
wkey=$("$BATON_BIN" witness init "$scratch/w" --name witness.example/verifiers)
serve "$scratch/witness" "$BATON_BIN" --json witness serve "$scratch/w" --listen 127.0.0.1:0 \
  --ledger "$new_vkey"
serves test -s "$scratch/witness"
python - "$scratch" <<'PY'
import json, pathlib, sys, urllib.request
scratch = pathlib.Path(sys.argv[1])
at = json.loads((scratch / "witness").read_text())["listening"]
checkpoint = (scratch / "ledger/checkpoint").read_bytes()
answer = urllib.request.urlopen(f"http://{at}/add-checkpoint", b"old 0\n\n" + checkpoint)
(scratch / "ledger/baton/checkpoint.cosigned").write_bytes(checkpoint + answer.read())
PY
stop
witnessed=(--witness "$wkey")

with_go() { "$scratch/verify-go" -seed "$seed" -min "$entries" -proof "$2" "$1" "$vkey"; }
with_python() {
  python "$here/python/verify_export.py" --seed "$seed" --min "$entries" --proof "$2" \
    "${witnessed[@]}" "$1" "$vkey"
}
with_baton() {
  "$BATON_BIN" audit verify "$1" --state --key "$vkey" "${witnessed[@]}" &&
    "$BATON_BIN" audit verify-proof "$2" --key "$vkey" --entry "$scratch/one.entry"
}
for by in go python baton; do
  "with_$by" "$scratch/ledger" "$scratch/one.tlog-proof" || fail "$by does not take a ledger that holds"
done

# flip FILE AT -- changes one bit of the byte there.
flip() {
  python - "$1" "$2" <<'PY'
import pathlib, sys
path, at = pathlib.Path(sys.argv[1]), int(sys.argv[2])
data = bytearray(path.read_bytes())
data[at] ^= 1
path.write_bytes(data)
PY
}

cd "$scratch/ledger"
roots=(tile/1/000.p/*) # there is one
cd "$scratch"
# In the length of an entry, in an entry, in hashes of two levels, in the size that was signed and
# in the signature, in a hash of a proof and in its checkpoint.
for damage in tile/entries/007:0 tile/entries/007:100 tile/0/011:4000 "${roots[0]}:40" \
  checkpoint:50 checkpoint:-10 baton/log-key-handovers/1:-10 ../one.tlog-proof:-300 ../one.tlog-proof:-20; do
  file=${damage%:*} at=${damage##*:}
  rm -rf "$scratch/copy" && mkdir "$scratch/copy"
  cp -r "$scratch/ledger" "$scratch/copy/ledger"
  cp "$scratch/one.tlog-proof" "$scratch/copy/"
  flip "$scratch/copy/ledger/$file" "$at"
  for by in go python baton; do
    if "with_$by" "$scratch/copy/ledger" "$scratch/copy/one.tlog-proof" >"$scratch/said" 2>&1; then
      cat "$scratch/said" >&2
      fail "$by did not see a flipped bit in $damage"
    fi
    grep -qE 'not hold|FAULT|no proof' "$scratch/said" || {
      cat "$scratch/said" >&2
      fail "$by failed for another reason than the flipped bit in $damage"
    }
    printf '%-24s %-7s %s\n' "$damage" "$by" "$(grep -m 1 -E 'not hold|FAULT|no proof' "$scratch/said")"
  done
done
# In the signature of the witness.
cp -r "$scratch/ledger" "$scratch/cosigned"
flip "$scratch/cosigned/baton/checkpoint.cosigned" -10
for by in python baton; do
  if "with_$by" "$scratch/cosigned" "$scratch/one.tlog-proof" >"$scratch/said" 2>&1; then
    fail "$by did not see a cosignature that was changed"
  fi
  printf '%-24s %-7s %s\n' cosigned "$by" "$(grep -m 1 'not hold' "$scratch/said")"
done
printf 'none of them is taken in\n'
