#!/usr/bin/env bash
# The Python client against a real service: generates the code, starts `baton demo`, runs the tests,
# takes everything away. BATON_BIN is the built program; `python` has requirements.txt.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proto=$here/../../proto
# shellcheck source=scripts/lib/play.sh
source "$here/../../scripts/lib/play.sh"

python -m grpc_tools.protoc --proto_path="$proto" --python_out="$scratch" \
  --grpc_python_out="$scratch" "$proto"/baton/v1/*.proto

play officer auditor primary-1-sender secondary-1 stranger

BATON_CONNECTIONS=$scratch/play/connections PYTHONPATH=$scratch:$here PYTHONDONTWRITEBYTECODE=1 \
  python -W error::ResourceWarning "$here/test_client.py" "$@"
BATON_CONNECTIONS=$scratch/play/connections PYTHONPATH=$scratch:$here PYTHONDONTWRITEBYTECODE=1 \
  python -W error::ResourceWarning "$here/test_witness.py"
