# shellcheck shell=bash
# Clusters of our own: the development cluster under .dev/ and throw-away ones for tests.
# Needs common.sh, postgres-install.sh and throwaway.sh.

MIGRATOR=hipaa_migrator
DATABASE=hipaa
FIRST_DEVELOPMENT_PORT=54320

CLUSTER_HOME=$DEV_DIRECTORY/postgres
DATABASE_URL_FILE=$DEV_DIRECTORY/database-url
PASSWORD_FILE=$DEV_DIRECTORY/postgres-password
# Says that the running server is a container: `stop` has to know.
CONTAINER_MARK=$DEV_DIRECTORY/postgres-in-container

# ------------------------------------------------------------------------------------------ folders

make_cluster_directory() {
  mkdir -p "$1"
  if [[ -z $(find "$1" -maxdepth 0 -user "$CLUSTER_USER") ]]; then
    # New, or of a start as another user, whose clusters then change hands.
    is_root || fail "$1 belongs to another user: remove it as that user, or with sudo"
    chown -R "$CLUSTER_USER:" "$1"
  fi
  chmod 700 "$1"
}

# .dev/postgres, or where the cluster's user cannot reach that (a clone under /root, say), a folder
# under /var/lib that .dev/postgres points to.
ensure_cluster_home() {
  local elsewhere
  make_dev_directory
  ensure_cluster_user
  if as_cluster_user test -x "$DEV_DIRECTORY"; then
    # A link from a time when the folder was out of reach is as good as a folder.
    [[ -L $CLUSTER_HOME ]] || make_cluster_directory "$CLUSTER_HOME"
  else
    elsewhere=/var/lib/hipaa-template-dev/$(printf '%s' "$REPOSITORY" | cksum | cut -d ' ' -f 1)
    make_cluster_directory "$elsewhere"
    chmod 755 "${elsewhere%/*}"
    ln -sfn "$elsewhere" "$CLUSTER_HOME"
  fi
  # The real path: the cluster's user may not be able to follow the link.
  CLUSTER_HOME=$(cd "$CLUSTER_HOME" && pwd -P)
}

# -------------------------------------------------------------------------------------- server tools

# Sets BINDIR and POSTGRES_VERSION; installs what is missing.
use_installed_postgres() {
  local server
  server=$(ensure_postgres)
  POSTGRES_VERSION=${server%% *}
  BINDIR=${server#* }
}

# Runs statements (one a line on standard input) in a database of a stopped cluster as its superuser.
# PostgreSQL's single-user mode needs no password and no port, so nobody else can get in meanwhile.
# It exits 0 even when a statement failed: what it prints decides.
single_user_sql() {
  local data=$1 database=$2 output
  output=$(as_cluster_user "$BINDIR/postgres" --single -D "$data" "$database" 2>&1 > /dev/null)
  if grep -qE '^(.* )?(ERROR|FATAL|PANIC):' <<< "$output"; then
    grep -E 'ERROR|FATAL|PANIC' <<< "$output" | head -n 3 >&2
    fail "the cluster in $data could not be set up: see the lines above"
  fi
}

# The machine's character handling where it has the neutral one; plain C elsewhere (macOS).
cluster_locale() {
  if locale -a 2> /dev/null | grep -qiE '^C\.utf-?8$'; then echo C.UTF-8; else echo C; fi
}

# A cluster with the login that migrates and its database. No password is set yet, so nobody can log in.
make_cluster() {
  local data=$1
  as_cluster_user "$BINDIR/initdb" -D "$data" --username=postgres --auth=reject --no-sync \
    --encoding=UTF8 --locale="$(cluster_locale)" > /dev/null
  as_cluster_user tee "$data/pg_hba.conf" > /dev/null << 'RULES'
local all all              scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
RULES
  # pgvector 0.8 is not a trusted extension: only a superuser can create it. Put into template1 it is
  # in every database made here, and `CREATE EXTENSION IF NOT EXISTS vector` succeeds for everyone.
  single_user_sql "$data" template1 <<< 'CREATE EXTENSION vector'
  # Not a superuser, as on a managed server: what works here works there.
  single_user_sql "$data" postgres << SQL
CREATE ROLE $MIGRATOR LOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOBYPASSRLS
CREATE DATABASE $DATABASE OWNER $MIGRATOR
SQL
}

# Plain hexadecimal passwords, so they need no escaping, neither in SQL nor in a URL.
set_password() {
  local data=$1 role=$2 password=$3
  single_user_sql "$data" postgres <<< "ALTER ROLE $role PASSWORD '$password'"
}

is_running() { as_cluster_user "$BINDIR/pg_ctl" -D "$1" status > /dev/null 2>&1; }

start_server() {
  local data=$1 log=$2 port=$3
  shift 3
  as_cluster_user "$BINDIR/pg_ctl" -D "$data" -l "$log" -w -t 30 \
    -o "-c listen_addresses=127.0.0.1 -p $port $*" start > /dev/null 2>&1 < /dev/null
}

migrator_url() { echo "postgres://$MIGRATOR:$1@127.0.0.1:$2/$DATABASE"; }

# --------------------------------------------------------------------------------------------- start

start() {
  make_dev_directory
  if [[ -n ${DATABASE_URL:-} ]]; then
    progress "using the server of DATABASE_URL"
    write_private "$DATABASE_URL_FILE" <<< "$DATABASE_URL"
  elif docker_engine_answers; then
    start_container
  else
    use_installed_postgres
    ensure_cluster_home
    start_development_cluster
  fi
}

docker_engine_answers() {
  have docker && timeout 10 docker info > /dev/null 2>&1 && docker compose version > /dev/null 2>&1
}

start_container() {
  local port=${POSTGRES_PORT:-5432}
  progress "starting PostgreSQL in a container (compose.yaml) …"
  docker compose -f "$REPOSITORY/compose.yaml" up --detach --wait postgres > /dev/null ||
    fail "docker compose could not start PostgreSQL: see the lines above (if port $port is taken, set POSTGRES_PORT to another one)"
  touch "$CONTAINER_MARK"
  write_private "$DATABASE_URL_FILE" <<< "postgres://hipaa_user:hipaa_pass@127.0.0.1:$port/hipaa_db"
}

start_development_cluster() {
  local data=$CLUSTER_HOME/data port password
  ensure_development_cluster "$data"
  if is_running "$data" && [[ ! -s $PASSWORD_FILE ]]; then stop_cluster "$data" fast; fi
  ensure_password "$data"
  password=$(< "$PASSWORD_FILE")
  port=$(running_port "$data") || port=$(start_on_free_port "$data")
  can_log_in "$port" "$password" || {
    # Somebody changed the password, or .dev/ is a copy: set ours again.
    stop_cluster "$data" fast
    set_password "$data" "$MIGRATOR" "$password"
    port=$(start_on_free_port "$data")
  }
  migrator_url "$password" "$port" | write_private "$DATABASE_URL_FILE"
  progress "PostgreSQL $POSTGRES_VERSION runs on port $port"
}

ensure_development_cluster() {
  local data=$1 complete=$CLUSTER_HOME/complete made_by
  # The mark is written last: data without it is what an interrupted start left behind.
  if [[ -e $data && ! -e $complete ]]; then
    progress "removing a half-made cluster …"
    stop_cluster "$data" immediate
    rm -rf "$data"
  fi
  if [[ ! -e $data ]]; then
    progress "making the development cluster …"
    rm -f "$complete" "$PASSWORD_FILE"
    make_cluster "$data"
    as_cluster_user touch "$complete"
  fi
  made_by=$(as_cluster_user cat "$data/PG_VERSION")
  [[ $made_by == "$POSTGRES_VERSION" ]] || use_other_version "$made_by"
}

# A newer PostgreSQL was installed since: its own is still needed to open the cluster.
use_other_version() {
  local version bindir
  while read -r version bindir; do
    if [[ $version == "$1" ]]; then
      POSTGRES_VERSION=$version
      BINDIR=$bindir
      return
    fi
  done < <(list_postgres_servers)
  fail "the development cluster was made by PostgreSQL $1, which is gone: remove .dev/postgres to begin with an empty one"
}

ensure_password() {
  local data=$1
  [[ -s $PASSWORD_FILE ]] && return
  random_password | write_private "$PASSWORD_FILE"
  set_password "$data" "$MIGRATOR" "$(< "$PASSWORD_FILE")"
}

running_port() {
  is_running "$1" && as_cluster_user sed -n 4p "$1/postmaster.pid"
}

# The port of last time if it is free, or else the next one that is.
start_on_free_port() {
  local data=$1 remembered=$CLUSTER_HOME/port log=$CLUSTER_HOME/log port=$FIRST_DEVELOPMENT_PORT last
  [[ -s $remembered ]] && port=$(< "$remembered")
  last=$((port + 50))
  for (( ; port < last; port++)); do
    port_is_taken "$port" && continue
    # No Unix socket: its path may be longer than the 107 bytes a socket may have.
    if start_server "$data" "$log" "$port" -c unix_socket_directories=; then
      as_cluster_user tee "$remembered" <<< "$port"
      return
    fi
    # Lost the port to somebody else in between? Anything else will not get better by trying.
    grep -q 'could not bind\|Address already in use' <(tail -n 8 "$log") ||
      fail "PostgreSQL did not start: see $log (removing .dev/postgres begins with an empty cluster)"
  done
  fail "no free port for PostgreSQL between $((last - 50)) and $((last - 1)): stop one of the programs there"
}

# The password goes through the environment: a command line is open for everyone to read.
can_log_in() {
  PGPASSWORD=$2 PGCONNECT_TIMEOUT=5 "$BINDIR/psql" -X -w -q -h 127.0.0.1 -p "$1" -U "$MIGRATOR" \
    -d "$DATABASE" -c 'SELECT 1' > /dev/null 2>&1
}

# ---------------------------------------------------------------------------------------------- stop

stop_cluster() {
  as_cluster_user "$BINDIR/pg_ctl" -D "$1" -m "$2" -w -t 30 stop > /dev/null 2>&1 || true
}

stop() {
  local server
  if [[ -e $CONTAINER_MARK ]]; then
    docker compose -f "$REPOSITORY/compose.yaml" stop postgres > /dev/null 2>&1 || true
    rm -f "$CONTAINER_MARK"
  fi
  [[ -e $CLUSTER_HOME ]] || return 0
  # Stopping installs nothing.
  server=$(list_postgres_servers | head -n 1)
  [[ -n $server ]] || return 0
  BINDIR=${server#* }
  stop_cluster "$(cd "$CLUSTER_HOME" && pwd -P)/data" fast
}

# ----------------------------------------------------------------------------------------- throwaway

# Tells a throw-away's folder from anything else in the temporary folder.
THROWAWAY_PREFIX=hipaa-postgres

# Nothing survives a test run, so nothing needs to reach the disk.
THROWAWAY_SETTINGS="-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
# But what a commit costs is measured.
if [[ -n ${POSTGRES_THROWAWAY_DURABLE:-} ]]; then THROWAWAY_SETTINGS="-c max_connections=200"; fi

throwaway() {
  local folder port migrator_password superuser_password
  use_installed_postgres
  ensure_cluster_home
  ensure_template
  remove_abandoned_throwaways

  folder=$(make_throwaway_folder "$THROWAWAY_PREFIX")
  # shellcheck disable=SC2064  # the folder is wanted as it is now
  trap "remove_throwaway '$folder'" EXIT
  trap 'exit 0' TERM INT HUP
  migrator_password=$(random_password)
  superuser_password=$(random_password)
  as_cluster_user cp -a --reflink=auto "$TEMPLATE" "$folder/data"
  single_user_sql "$folder/data" postgres << SQL
ALTER ROLE $MIGRATOR PASSWORD '$migrator_password'
ALTER ROLE postgres PASSWORD '$superuser_password'
SQL
  start_throwaway "$folder"

  printf 'url=%s\nsuperuser_url=postgres://postgres:%s@127.0.0.1:%s/%s\n' \
    "$(migrator_url "$migrator_password" "$port")" "$superuser_password" "$port" "$DATABASE"
  wait_for_end_of_input
}

# initdb takes seconds, copying its result a tenth of one. Made under another name and then renamed,
# so that a template is whole, and of two made at the same time either is good.
ensure_template() {
  local draft
  TEMPLATE=$CLUSTER_HOME/template-$POSTGRES_VERSION
  [[ -e $TEMPLATE ]] && return
  progress "making the cluster that throw-away ones are copied from …"
  draft=$(as_cluster_user mktemp -d "$CLUSTER_HOME/draft.XXXXXX")
  make_cluster "$draft"
  as_cluster_user mv -T "$draft" "$TEMPLATE" 2> /dev/null || rm -rf "$draft"
}

# Sets the caller's `port`.
start_throwaway() {
  local folder=$1 attempt
  for ((attempt = 0; attempt < 20; attempt++)); do
    port=$(random_port)
    port_is_taken "$port" && continue
    # shellcheck disable=SC2086  # the settings are words
    start_server "$folder/data" "$folder/log" "$port" \
      -c "unix_socket_directories=$folder" $THROWAWAY_SETTINGS && return
  done
  tail -n 5 "$folder/log" >&2
  fail "the throw-away PostgreSQL did not start: see the lines above"
}

remove_throwaway() {
  local folder=$1
  trap '' TERM INT HUP
  stop_waiting
  stop_cluster "$folder/data" immediate
  rm -rf "$folder"
}

remove_abandoned_throwaways() {
  local folder
  while read -r folder; do
    stop_cluster "$folder/data" immediate
    rm -rf "$folder"
  done < <(list_abandoned_throwaways "$THROWAWAY_PREFIX")
}
