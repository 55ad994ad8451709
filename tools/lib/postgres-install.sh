# shellcheck shell=bash
# Finds PostgreSQL with pgvector on this machine, or installs it from the distribution's packages.
# Needs common.sh and packages.sh.

# The schema uses NULLS NOT DISTINCT and security_invoker views, which are new in 15.
OLDEST_POSTGRES=15

# ---------------------------------------------------------------------------------------------- find

# Prints "VERSION BINDIR" for every PostgreSQL server on this machine, newest first.
list_postgres_servers() {
  local initdb directory
  {
    for initdb in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
      /opt/homebrew/opt/postgresql@*/bin/initdb /usr/local/opt/postgresql@*/bin/initdb; do
      [[ -x $initdb ]] && dirname "$initdb"
    done
    # A PostgreSQL of one's own build is where pg_config says.
    if have pg_config && directory=$(pg_config --bindir) && [[ -x $directory/initdb ]]; then
      echo "$directory"
    fi
  } | while read -r directory; do
    printf '%s %s\n' "$("$directory/postgres" --version | grep -oE '[0-9]+' | head -n 1)" "$directory"
  done | sort -rn -u | awk -v oldest="$OLDEST_POSTGRES" '$1 >= oldest'
}

vector_control_file() {
  local version=$1 bindir=$2 directory
  for directory in "$("$bindir/pg_config" --sharedir 2> /dev/null)" "/usr/share/postgresql/$version"; do
    if [[ -f $directory/extension/vector.control ]]; then
      echo "$directory/extension/vector.control"
      return
    fi
  done
  return 1
}

# Prints "VERSION BINDIR" of the newest server that has pgvector.
find_postgres_with_vector() {
  local version bindir
  while read -r version bindir; do
    if vector_control_file "$version" "$bindir" > /dev/null; then
      echo "$version $bindir"
      return
    fi
  done < <(list_postgres_servers)
  return 1
}

# ------------------------------------------------------------------------------------------- install

# Without this Debian makes a cluster of its own on port 5432 and starts it, which nobody asked for.
# The setting is ours for as long as the installation lasts.
install_postgres_server() {
  local version=$1
  local setting=/etc/postgresql-common/createcluster.d/hipaa-template-install.conf
  progress "installing PostgreSQL $version (Debian packages, about a minute) …"
  as_root mkdir -p "${setting%/*}"
  echo 'create_main_cluster = false' | as_root tee "$setting" > /dev/null
  # shellcheck disable=SC2064  # the path is wanted as it is now
  trap "as_root rm -f '$setting'" EXIT
  apt_install "postgresql-$version"
  as_root rm -f "$setting"
  trap - EXIT
}

newest_packaged_postgres() {
  apt-cache depends postgresql 2> /dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1
}

# Debian 13 and new Ubuntu releases package pgvector; Debian 12 does not.
install_vector() {
  local version=$1 bindir=$2
  if apt_knows "postgresql-$version-pgvector"; then
    progress "installing pgvector for PostgreSQL $version (Debian package) …"
    apt_install "postgresql-$version-pgvector"
  else
    build_vector_package "$version" "$bindir"
  fi
}

# Debian's source package of pgvector from a later release, built for this machine's PostgreSQL.
# It is fetched through an apt configuration of its own, so the machine's sources stay as they are,
# and apt checks its signature with the machine's own keyring.
VECTOR_SOURCE_RELEASE=trixie

build_vector_package() {
  local version=$1 bindir=$2 mirror keyring work
  mirror=$(debian_mirror) ||
    fail "this system has no package of pgvector for PostgreSQL $version: install it by hand, or set DATABASE_URL to a server that has it"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ -r $keyring ]] || apt_install debian-archive-keyring

  progress "installing what is needed to build pgvector (Debian packages, about a minute) …"
  apt_install "postgresql-server-dev-$version" build-essential

  progress "building pgvector from Debian's source package (about 20 seconds) …"
  work=$(mktemp -d)
  # apt reads and downloads as an unprivileged user of its own.
  chmod 755 "$work"
  (
    trap 'rm -rf "$work"' EXIT
    cd "$work" || exit 1
    echo "deb-src [signed-by=$keyring] $mirror $VECTOR_SOURCE_RELEASE main" > sources.list
    if ! { fetch_vector_source && make_vector_package "$version" "$bindir"; } > log 2>&1; then
      tail -n 5 log >&2
      fail "pgvector could not be built: see the lines above"
    fi
    apt_install "$work/package.deb"
  )
}

# The address of the archive that this machine's own apt installs Debian from. apt itself is asked,
# so both forms of source list, .list and .sources, are understood.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016  # apt fills these in
  mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian|Debian|//p' | head -n 1)
  [[ -n $mirror ]] && echo "$mirror"
}

fetch_vector_source() {
  local private=(
    -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$PWD/lists" -o "Dir::Cache=$PWD/cache"
  )
  # Joined by &&: the caller tests the outcome, and there `set -e` does not hold.
  mkdir -p lists/partial cache/archives/partial &&
    apt-get "${private[@]}" update &&
    apt-get "${private[@]}" source pgvector
}

# A package, not files copied into the system: apt can list it, remove it, and replace it by a newer one.
make_vector_package() {
  local version=$1 bindir=$2 source package=$PWD/package
  source=$(find . -maxdepth 1 -type d -name 'pgvector-*')
  # OPTFLAGS is -march=native otherwise, and a machine image may move to an older processor.
  make -C "$source" -j 2 OPTFLAGS= PG_CONFIG="$bindir/pg_config" &&
    make -C "$source" install OPTFLAGS= PG_CONFIG="$bindir/pg_config" DESTDIR="$package" &&
    mkdir "$package/DEBIAN" &&
    vector_package_control "$version" "${source##*pgvector-}" > "$package/DEBIAN/control" &&
    dpkg-deb --root-owner-group --build "$package" package.deb
}

# The ~ sorts the version below every version of the distribution's own package.
vector_package_control() {
  local postgres_version=$1 vector_version=$2
  cat << CONTROL
Package: postgresql-$postgres_version-pgvector
Version: $vector_version-0~hipaatemplate1
Architecture: $(dpkg --print-architecture)
Depends: postgresql-$postgres_version, libc6
Maintainer: HipaaTemplate developers <nobody@example.test>
Description: pgvector, built on this machine from Debian's source package
CONTROL
}

# ---------------------------------------------------------------------------------------------- verb

# Prints "VERSION BINDIR" of a PostgreSQL with pgvector; installs what is missing.
ensure_postgres() {
  local version bindir
  find_postgres_with_vector && return

  have apt-get ||
    fail "PostgreSQL $OLDEST_POSTGRES or newer with pgvector is missing: install both, or set DATABASE_URL to a server that has them"
  may_install_packages ||
    fail "PostgreSQL with pgvector is missing and this user may not install packages: run 'sudo tools/postgres install' once, or set DATABASE_URL"

  progress "reading the package lists …"
  as_root apt-get update > /dev/null 2>&1 ||
    progress "apt-get update failed: going on with the package lists that are there"

  if [[ -z $(list_postgres_servers) ]]; then
    version=$(newest_packaged_postgres)
    [[ -n $version && $version -ge $OLDEST_POSTGRES ]] ||
      fail "this system packages PostgreSQL ${version:-(none)}; $OLDEST_POSTGRES or newer is needed: set DATABASE_URL to such a server"
    install_postgres_server "$version"
  fi
  read -r version bindir < <(choose_server_for_vector)
  install_vector "$version" "$bindir"
  find_postgres_with_vector || fail "pgvector was installed but is not found beside PostgreSQL $version"
}

# The newest server for which a pgvector package exists, or else the newest that pgvector can be built for.
choose_server_for_vector() {
  local version bindir
  while read -r version bindir; do
    if apt_knows "postgresql-$version-pgvector"; then
      echo "$version $bindir"
      return
    fi
  done < <(list_postgres_servers)
  list_postgres_servers | head -n 1
}
