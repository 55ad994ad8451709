# shellcheck shell=bash
# What ./run and ./test need beside PostgreSQL: the SDK, Node.js, and the packages of the dev identity provider.
# Needs common.sh and packages.sh.

OLDEST_NODE=20

require_dotnet() {
  have dotnet || fail "the .NET SDK is missing. $(global_json_message)"
  # Looks at global.json, so it fails when no SDK here fits.
  (cd "$REPOSITORY" && dotnet --version) > /dev/null 2>&1 || fail "$(global_json_message)"
}

global_json_message() { sed -n 's/.*"errorMessage": *"\(.*\)".*/\1/p' "$REPOSITORY/global.json"; }

require_node() {
  local version
  if ! have node || ! have npm; then
    fail "Node.js $OLDEST_NODE or newer is missing: install the packages nodejs and npm, or get it from https://nodejs.org"
  fi
  version=$(node -p 'process.versions.node.split(".")[0]')
  ((version >= OLDEST_NODE)) ||
    fail "Node.js $version is too old: version $OLDEST_NODE or newer is needed, for example from https://nodejs.org"
}

# npm writes .package-lock.json last, so an interrupted installation is done again.
install_dev_idp() {
  local folder=$REPOSITORY/tools/dev-idp log
  [[ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]] && return
  progress "installing the development identity provider (npm, a few seconds) …"
  log=$(mktemp)
  if ! (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts) < /dev/null > "$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    fail "npm could not install tools/dev-idp: see the lines above"
  fi
  rm -f "$log"
  touch "$folder/node_modules/.package-lock.json"
}

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# For the tests that look at a page as a person would. Their code asks for it by the variable CHROMIUM.
install_chromium() {
  if [[ -n ${CHROMIUM:-} ]] || find_chromium > /dev/null; then return; fi
  if ! may_install_packages; then
    fail "a browser is missing for the tests and this user may not install packages: install chromium, or set CHROMIUM to one"
  fi
  progress "installing Chromium for the browser tests (Debian packages, about a minute) …"
  as_root apt-get update > /dev/null 2>&1 || true
  apt_install chromium
}
