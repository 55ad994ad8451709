# shellcheck shell=bash
# Finds or installs PgBouncer, and starts throw-away ones. Needs common.sh, packages.sh and throwaway.sh.

PGBOUNCER_PREFIX=hipaa-pgbouncer

# ------------------------------------------------------------------------------------------- install

# Debian puts it where only root's PATH leads.
find_pgbouncer() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v pgbouncer; }

ensure_pgbouncer() {
  if find_pgbouncer > /dev/null; then return; fi
  may_install_packages ||
    fail "PgBouncer is missing for the tests and this user may not install packages: install pgbouncer, or run 'sudo tools/pgbouncer install' once"
  progress "installing PgBouncer for the tests behind a pooler (Debian package, a few seconds) …"
  as_root apt-get update > /dev/null 2>&1 || true
  install_pgbouncer_without_service
  find_pgbouncer > /dev/null || fail "the package pgbouncer was installed, but has no pgbouncer"
}

# The package starts a service and has it started at every boot, which nobody asked for. Debian asks
# policy-rc.d before it starts one; a policy that is there is the machine's own, and stays.
install_pgbouncer_without_service() {
  local policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    # shellcheck disable=SC2064  # the path is wanted as it is now
    trap "as_root rm -f '$policy'" EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" > /dev/null
    as_root chmod 755 "$policy"
    apt_install pgbouncer
    as_root rm -f "$policy"
    trap - EXIT
  else
    apt_install pgbouncer
  fi
  # A policy of the machine's own may have let it start.
  as_root /etc/init.d/pgbouncer stop > /dev/null 2>&1 || true
  as_root update-rc.d pgbouncer disable > /dev/null 2>&1 || true
  if have systemctl; then as_root systemctl disable --now pgbouncer > /dev/null 2>&1 || true; fi
}

# ----------------------------------------------------------------------------------------- throwaway

throwaway() {
  local folder port host server_port user password
  if ! read -r host || ! read -r server_port; then
    usage >&2
    exit 2
  fi
  ensure_pgbouncer
  ensure_cluster_user
  remove_abandoned_pgbouncers

  folder=$(make_throwaway_folder "$PGBOUNCER_PREFIX")
  # shellcheck disable=SC2064  # the folder is wanted as it is now
  trap "remove_pgbouncer '$folder'" EXIT
  trap 'exit 0' TERM INT HUP
  # mktemp's folder is its owner's alone, and so is the file with the passwords.
  for user in hipaa_app hipaa_reviewer; do
    if ! read -r password; then
      usage >&2
      exit 2
    fi
    printf '"%s" "%s"\n' "$user" "${password//\"/\"\"}"
  done | write_private_as_cluster_user "$folder/users"
  start_pgbouncer "$folder" "$host" "$server_port"

  printf 'port=%s\n' "$port"
  wait_for_end_of_input
}

# shellcheck disable=SC2016  # the inner shell expands it
write_private_as_cluster_user() { as_cluster_user sh -c 'umask 077 && cat > "$0"' "$1"; }

# Two server connections for each database: with more clients than that, each goes from one client to
# another with every transaction. Nothing is ignored at connecting (ignore_startup_parameters), so what the
# API sends there is known to pass. `prefer` reaches a server that TEST_DATABASE_URL names, with TLS or without.
pgbouncer_settings() {
  local folder=$1 host=$2 server_port=$3
  cat << SETTINGS
[databases]
* = host=$host port=$server_port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users
pool_mode = transaction
default_pool_size = 2
max_client_conn = 1000
server_tls_sslmode = prefer
logfile = $folder/log
pidfile = $folder/pid
SETTINGS
}

# Sets the caller's `port`.
start_pgbouncer() {
  local folder=$1 host=$2 server_port=$3 attempt
  for ((attempt = 0; attempt < 20; attempt++)); do
    port=$(random_port)
    port_is_taken "$port" && continue
    pgbouncer_settings "$folder" "$host" "$server_port" | write_private_as_cluster_user "$folder/settings"
    # It goes into the background once it listens.
    as_cluster_user "$(find_pgbouncer)" --quiet --daemon "$folder/settings" > /dev/null 2>&1 < /dev/null && return
  done
  tail -n 5 "$folder/log" >&2
  fail "the throw-away PgBouncer did not start: see the lines above"
}

remove_pgbouncer() {
  local folder=$1
  trap '' TERM INT HUP
  stop_waiting
  stop_pgbouncer "$folder"
  rm -rf "$folder"
}

# SIGTERM is its immediate shutdown. The number may belong to somebody else by now.
stop_pgbouncer() {
  local folder=$1 pid
  pid=$(cat "$folder/pid" 2> /dev/null) || return 0
  if command_line_of "$pid" | grep -qF "$folder"; then kill -TERM "$pid" 2> /dev/null || true; fi
}

remove_abandoned_pgbouncers() {
  local folder
  while read -r folder; do
    stop_pgbouncer "$folder"
    rm -rf "$folder"
  done < <(list_abandoned_throwaways "$PGBOUNCER_PREFIX")
}
