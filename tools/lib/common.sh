# shellcheck shell=bash
# Shared by the scripts of this repository: where things are, how progress and failures are told.

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# Everything that a start leaves behind lives here, and nothing in it is committed.
# shellcheck disable=SC2034  # read by the scripts that source this file
DEV_DIRECTORY=$REPOSITORY/.dev

# Progress goes to standard error, so that a script's standard output stays its answer.
progress() { printf '%s\n' "$*" >&2; }

# Fails where an earlier start was another user's, root's mostly.
make_dev_directory() {
  mkdir -p "$DEV_DIRECTORY/logs" 2> /dev/null && [[ -w $DEV_DIRECTORY && -w $DEV_DIRECTORY/logs ]] ||
    fail "$DEV_DIRECTORY belongs to another user: remove it as that user, or with sudo"
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

is_root() { [[ $(id -u) -eq 0 ]]; }

have() { command -v "$1" > /dev/null 2>&1; }

# Writes standard input to a file that only its owner can read.
write_private() {
  local file=$1
  (umask 077 && cat > "$file.new")
  mv -f "$file.new" "$file"
}

random_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Not every machine has ps: container images leave it out.
command_line_of() {
  if [[ -r /proc/$1/cmdline ]]; then
    tr '\0' ' ' < "/proc/$1/cmdline" 2> /dev/null
  else
    ps -p "$1" -o args= 2> /dev/null
  fi
}

# Succeeds when something on this machine listens on the port.
port_is_taken() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
