# Sourced after setup.sh: one throw-away PostgreSQL cluster, for as long as the script lives.
#
# pg_start sets BATON_TEST_POSTGRES and, where its files lie, BATON_TEST_POSTGRES_FILES; pg_stop takes
# cluster and files away. The server is told by the
# kernel when this script dies, so even a killed run leaves no server behind.
# shellcheck shell=bash

pg_dir=
pg_pid=
pg_owner=

# The newest server on this machine. Debian keeps its programs off the PATH.
pg_find() {
  local dir
  for dir in \
    "$(pg_config --bindir 2>/dev/null || true)" \
    $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
    "$(dirname "$(readlink -f "$(command -v postgres)")")"; do
    [[ -x $dir/initdb && -x $dir/postgres && -x $dir/pg_isready ]] && printf '%s\n' "$dir" && return
  done
  return 1
}

pg_install() {
  # Without this the package would make a cluster of its own and start it at every boot.
  local conf=/etc/postgresql-common/createcluster.d/baton.conf status=0
  if [[ $(id -u) == 0 ]]; then
    mkdir -p "${conf%/*}"
    printf 'create_main_cluster = false\n' >"$conf"
  fi
  apt_install postgresql || status=1
  rm -f "$conf"
  return "$status"
}

# as_owner CMD... -- becomes CMD, as a user the server agrees to run as (never root), told to quit
# when this script dies.
as_owner() {
  local who=(setpriv --pdeathsig QUIT)
  [[ $(id -u) == 0 ]] && who=(setpriv --reuid "$pg_owner" --regid "$(id -g "$pg_owner")" --clear-groups --pdeathsig QUIT)
  cd "$pg_dir" && exec "${who[@]}" -- "$@"
}

pg_start() {
  [[ -z ${BATON_TEST_POSTGRES:-} ]] || { printf 'using the cluster that BATON_TEST_POSTGRES names\n'; return; }

  local bin port try
  bin=$(pg_find) || { pg_install && bin=$(pg_find); } || return
  pg_owner=$(id -un postgres 2>/dev/null || printf nobody)
  pg_dir=$(mktemp -d "${TMPDIR:-/tmp}/baton-pg.XXXXXX") || return
  [[ $(id -u) != 0 ]] || chown "$pg_owner" "$pg_dir"

  # Text sorts by English rules unless a column says otherwise, so that a column that forgot to
  # say COLLATE "C" shows.
  (as_owner "$bin/initdb" --pgdata="$pg_dir/data" --username=postgres --auth=trust --no-sync \
    --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-GB) \
    >"$pg_dir/initdb.log" 2>&1 || { cat "$pg_dir/initdb.log" >&2; return 1; }

  # Another program may take the port between the look and the start.
  for try in 1 2 3; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # A session of its own: Ctrl-C in a client must not stop the server.
    (as_owner setsid "$bin/postgres" -D "$pg_dir/data" -p "$port" -k "$pg_dir" \
      -c listen_addresses=127.0.0.1 -c max_connections=200 \
      -c fsync=on -c synchronous_commit=on -c full_page_writes=on) \
      >"$pg_dir/server.log" 2>&1 </dev/null &
    pg_pid=$!
    if pg_wait "$bin" "$port"; then
      export BATON_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port/postgres
      export BATON_TEST_POSTGRES_FILES=$pg_dir # data, log
      return
    fi
    pg_kill
  done
  printf 'PostgreSQL did not start (%d tries)\n' "$try" >&2
  cat "$pg_dir/server.log" >&2
  return 1
}

# At most 30 s, and no longer than the server lives.
pg_wait() {
  local _
  for _ in {1..300}; do
    kill -0 "$pg_pid" 2>/dev/null || return
    "$1/pg_isready" --quiet --host="$pg_dir" --port="$2" --username=postgres && return
    sleep 0.1
  done
  return 1
}

pg_kill() {
  [[ -n $pg_pid ]] || return 0
  kill -QUIT "$pg_pid" 2>/dev/null || true
  wait "$pg_pid" 2>/dev/null || true
  pg_pid=
}

pg_stop() {
  pg_kill
  [[ -z $pg_dir ]] || rm -rf "$pg_dir"
  pg_dir=
}
