# Sourced by the scripts beside it: where the project lies, and how a missing tool is had.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
tools=$target/tools

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# apt_install PACKAGE... -- installs Debian packages, or says what a person has to install.
apt_install() {
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    printf 'missing on this machine; as root: apt-get install %s\n' "$*" >&2
    return 1
  fi
  printf 'installing %s\n' "$*"
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  local install=("${quiet[@]}" install -y --no-install-recommends "$@")
  # A new machine has no package lists, an old one stale ones.
  "${install[@]}" >/dev/null 2>&1 || { "${quiet[@]}" update && "${install[@]}" >/dev/null; }
}

# need_build_tools -- cargo with its parts, and the C compiler that SQLite and aws-lc are built with.
need_build_tools() {
  command -v cargo >/dev/null || {
    printf 'cargo is missing: install Rust 1.95 or newer\n' >&2
    return 1
  }
  command -v cc >/dev/null || apt_install gcc libc6-dev
}

# venv NAME REQUIREMENTS... -- makes target/tools/NAME hold exactly these Python packages, and
# rebuilds it when one of the files changes.
venv() {
  local dir=$tools/$1 wanted lock
  shift
  wanted=$(cat "$@" | sha256sum)
  mkdir -p "$tools"
  # Two runs at once: the second waits and finds it made.
  exec {lock}>"$dir.lock" && flock "$lock"
  if [[ ! -f $dir/complete || $(<"$dir/complete") != "$wanted" ]]; then
    make_venv "$dir" "$@" && printf '%s\n' "$wanted" >"$dir/complete" || return
  fi
  exec {lock}>&-
}

make_venv() {
  local dir=$1
  shift
  rm -rf "$dir"
  # Debian keeps the module that brings pip in a package of its own.
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv || return
  python3 -m venv "$dir" || return
  "$dir/bin/pip" install --quiet --disable-pip-version-check "${@/#/--requirement=}"
}
