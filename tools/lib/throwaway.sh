# shellcheck shell=bash
# What throw-away servers have in common: whom they run as, where, and until when. Needs common.sh.

# --------------------------------------------------------------------------------------------- user

# PostgreSQL and PgBouncer refuse to run as root, so root hands over to the user "postgres".
CLUSTER_USER=$(id -un)
if is_root; then CLUSTER_USER=postgres; fi

as_cluster_user() {
  if is_root; then
    # From / because the user may not be allowed to stand where root stands.
    (cd / && exec setpriv --reuid="$CLUSTER_USER" --regid="$CLUSTER_USER" --init-groups -- env HOME=/ "$@")
  else
    "$@"
  fi
}

ensure_cluster_user() {
  is_root || return 0
  have setpriv || fail "setpriv (package util-linux) is missing, and servers must not run as root: install it, or run as another user"
  id "$CLUSTER_USER" > /dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin "$CLUSTER_USER"
}

# ------------------------------------------------------------------------------------------- folders

make_throwaway_folder() {
  local prefix=$1 base=${TMPDIR:-/tmp} folder
  # The cluster's user has to get there, and a socket's path has to fit into 107 bytes.
  if ! as_cluster_user test -x "$base" || ((${#base} > 60)); then base=/tmp; fi
  folder=$(mktemp -d "$base/$prefix.XXXXXX")
  echo "$$" > "$folder/script.pid"
  if is_root; then chown -R "$CLUSTER_USER:" "$folder"; fi
  echo "$folder"
}

# Prints the folders whose script was killed outright. Another user's are that user's to remove.
list_abandoned_throwaways() {
  local prefix=$1 folder
  for folder in "${TMPDIR:-/tmp}/$prefix".*; do
    [[ -s $folder/script.pid && -w $folder/script.pid ]] || continue
    kill -0 "$(< "$folder/script.pid")" 2> /dev/null || echo "$folder"
  done
}

# Below 32768: from there on the kernel gives ports to outgoing connections.
random_port() { echo $((20000 + RANDOM % 12000)); }

# ---------------------------------------------------------------------------------------------- life

# Until standard input ends, however the process at its other end came to die, or a signal arrives.
# `wait` is what a signal can interrupt; the copy in descriptor 3 is because a background job's own
# standard input is /dev/null.
wait_for_end_of_input() {
  exec 3<&0
  cat <&3 > /dev/null &
  INPUT_READER=$!
  wait "$INPUT_READER" || true
}

stop_waiting() {
  if [[ -n ${INPUT_READER:-} ]]; then kill "$INPUT_READER" 2> /dev/null || true; fi
}
