#!/usr/bin/env bash
# Makes sure that the named Debian packages are installed: says which are missing and installs them, with apt-get, as
# root or through sudo. Says and does nothing when all are there. Called by examples/run and tests/run.
#
#   install.sh PACKAGE...
#
# On a system without apt it only looks whether what the packages are needed for is there.
# Exit status: 0 when everything is there (now); 1 when not, with a message that names what is missing.
# All its output goes to standard error.
set -u
exec >&2

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

has_header() {
  echo "#include <$1>" | "${CXX:-c++}" -x c++ -E - >/dev/null 2>&1
}

# Whether what a package is needed for is here, from wherever it came.
is_usable() {
  case $1 in
    g++) command -v "${CXX:-c++}" ;;
    gcc) command -v "${CC:-cc}" ;;
    ninja-build) command -v ninja || command -v samu ;;
    pkg-config) command -v pkg-config || command -v pkgconf ;;
    binutils) command -v nm ;;
    abigail-tools) command -v abidiff ;;
    graphviz) command -v dot ;;
    debhelper) command -v dh ;;
    dpkg-dev) command -v dpkg-buildpackage ;;
    libboost-dev) has_header boost/asio.hpp ;;
    libboost-thread-dev) has_header boost/thread/thread.hpp ;;
    doctest-dev) has_header doctest/doctest.h ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

# Goes on if all of $@ can be used, else says why not ($1) and gives up.
use_or_give_up() {
  local reason=$1 package unusable=()
  shift
  for package in "$@"; do
    is_usable "$package" || unusable+=("$package")
  done
  ((${#unusable[@]})) || exit 0
  echo "missing: ${unusable[*]}"
  echo "$reason"
  exit 1
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  use_or_give_up 'There is no apt here. Please install what Debian calls so, and try again.' "$@"
fi

missing=()
for package in "$@"; do
  is_installed "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  as_root=(sudo)
  # Without a terminal nobody could type a password.
  [[ -t 0 ]] || as_root=(sudo -n)
  if ! command -v sudo >/dev/null || ! "${as_root[@]}" true; then
    use_or_give_up 'Installing takes root or sudo. Please have them installed with apt-get, and try again.' "${missing[@]}"
  fi
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@"
}

echo "installing: ${missing[*]}"
apt update || echo 'apt-get update failed; trying with the lists that are there'
if ! apt install --no-install-recommends "${missing[@]}"; then
  echo "apt-get could not install: ${missing[*]}"
  exit 1
fi
