# shellcheck shell=bash
# Installing Debian or Ubuntu packages. Needs common.sh.

as_root() {
  if is_root; then
    "$@"
  else
    sudo -n "$@"
  fi
}

may_install_packages() { have apt-get && { is_root || sudo -n true 2> /dev/null; }; }

apt_knows() { [[ -n $(apt-cache madison "$1" 2> /dev/null) ]]; }

apt_install() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" < /dev/null > "$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install $*: see the lines above"
  fi
  rm -f "$log"
}
