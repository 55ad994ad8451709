# shellcheck shell=bash
# A copy of the working tree, on which a script tries something that must not touch the tree itself.
# Needs common.sh.

# Sets COPY to a new folder, which is removed when the script ends, and fills it.
make_copy() {
  COPY=$(mktemp -d "${TMPDIR:-/tmp}/hipaa-$1.XXXXXX")
  trap 'rm -rf "$COPY"' EXIT
  trap 'exit 130' INT TERM HUP
  # The cluster's user has to find its way to the copy's .dev/.
  chmod 755 "$COPY"
  copy_tree
  cd "$COPY" || exit
}

# What a commit of everything would hold, less what has been deleted since; and the npm packages,
# which were installed a moment ago.
copy_tree() {
  cd "$REPOSITORY" || exit
  git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [[ -e $file ]] && printf '%s\0' "$file"; done |
    tar --create --null --files-from=- | tar --extract --directory "$COPY"
  if [[ -d tools/dev-idp/node_modules ]]; then cp -a tools/dev-idp/node_modules "$COPY/tools/dev-idp/"; fi
}

build_copy() {
  dotnet build HipaaTemplate.sln --configuration Release --nologo --disable-build-servers -warnaserror
}

# Arguments: a filter of dotnet test, or nothing for every test.
test_copy() {
  dotnet test HipaaTemplate.sln --configuration Release --no-build --nologo \
    --blame-hang-timeout 5m --blame-hang-dump-type none ${1:+--filter "$1"}
}

# The lines that tell what went wrong, from a log.
show_failure() { grep -E 'error|Failed|Error Message' "$1" | sort -u | head -n 20 >&2 || tail -n 20 "$1" >&2; }

# In the copy: the pages that a test compares with the code, which names error codes, settings and tables.
regenerate_pages() {
  local api=src/HipaaTemplate.Api/bin/Release/net10.0/HipaaTemplate.Api.dll page
  for page in errors:ERROR_CODES configuration:CONFIGURATION phi:PHI_INVENTORY; do
    if [[ -f docs/${page#*:}.md ]]; then
      ENVIRONMENT=development dotnet "$api" docs "${page%%:*}" > "docs/${page#*:}.md.new" &&
        mv "docs/${page#*:}.md.new" "docs/${page#*:}.md"
    fi
  done
}
