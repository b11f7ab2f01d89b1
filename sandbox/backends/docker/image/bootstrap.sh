#!/bin/sh
# Makes the sandbox image's files from Debian packages, without a container registry:
#
#   bootstrap.sh image.tar && docker import image.tar cure-agent-sandbox:TAG     (the tag: cure-agent sandbox status)
#
# Where apt-get is at hand (Debian, Ubuntu) it downloads Python and what it depends on from this machine's own package
# sources, proxies and keys included, and unpacks them into a folder: no root, no chroot, no mounts. Elsewhere
# debootstrap does it, as root.
#
#   CURE_AGENT_DEBIAN_MIRROR   another mirror, e.g. http://mirror.internal/debian
#   CURE_AGENT_DEBIAN_SUITE    its release (bookworm)
#   CURE_AGENT_BOOTSTRAP       apt or debootstrap, to choose
set -eu

output=${1:?usage: bootstrap.sh OUTPUT.tar}
mirror=${CURE_AGENT_DEBIAN_MIRROR:-}
suite=${CURE_AGENT_DEBIAN_SUITE:-bookworm}
method=${CURE_AGENT_BOOTSTRAP:-}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/cure-agent-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root

say() { echo "bootstrap: $*" >&2; }
fail() { say "$*"; exit 1; }
# Runs quietly; shows the last words of what failed.
quietly() { "$@" >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; fail "$1 failed"; }; }

with_apt() {
  mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial"
  : >"$work/apt/status"
  set -- -q -o Dir::State="$work/apt/state" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt/cache" \
    -o Dir::Log="$work/apt" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un 2>/dev/null || echo root)" -o Acquire::Languages=none \
    -o APT::Update::Post-Invoke= -o APT::Install-Recommends=false
  if [ -n "$mirror" ]; then
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb $([ -e $keys ] && echo "[signed-by=$keys]") $mirror $suite main" >"$work/apt/sources.list"
    set -- "$@" -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=-
  fi
  say "fetching the package index"
  quietly apt-get "$@" update
  say "downloading Python and what it needs"
  quietly apt-get "$@" install --download-only --yes python3 libstdc++6 dash coreutils base-files base-passwd libc-bin
  say "unpacking"
  for directory in bin sbin lib lib64; do
    mkdir -p "$root/usr/$directory"
    ln -s "usr/$directory" "$root/$directory"
  done
  for package in "$work"/apt/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --keep-directory-symlink -C "$root" -xf -
  done
  cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
  [ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
}

with_debootstrap() {
  [ "$(id -u)" = 0 ] || fail "debootstrap needs root: run as root, or install apt"
  say "running debootstrap, about a minute and a half"
  # shellcheck disable=SC2086  # an empty mirror is no argument
  quietly debootstrap --variant=minbase --include=python3,libstdc++6 "$suite" "$root" $mirror
}

# Bytecode of the standard library, made by the image's own Python with the image's own libraries.
compile_library() {
  python=$(readlink -f "$root/usr/bin/python3")
  library=$root/usr/lib/$(basename "$python")
  loader=$(find "$root/usr/lib64" "$root/usr/lib" -name 'ld-linux*.so.*' | head -n 1)
  libraries=$(dirname "$(find "$root/usr/lib" -name 'libc.so.6' | head -n 1)")
  export PYTHONHOME="$root/usr" PYTHONNOUSERSITE=1
  "$loader" --library-path "$libraries" "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "these package sources have a Python older than 3.11: set CURE_AGENT_DEBIAN_MIRROR to a Debian 12 mirror"
  quietly "$loader" --library-path "$libraries" "$python" -m compileall -q -j 0 -s "$root" -p / "$library"
  unset PYTHONHOME PYTHONNOUSERSITE
}

if [ -z "$method" ]; then
  if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then method=apt
  elif command -v debootstrap >/dev/null; then method=debootstrap
  else fail "needs apt-get (Debian, Ubuntu) or debootstrap (as root)"; fi
fi
mkdir -p "$root"
case $method in
  apt) with_apt ;;
  debootstrap) with_debootstrap ;;
  *) fail "CURE_AGENT_BOOTSTRAP is apt or debootstrap, not $method" ;;
esac
say "compiling the standard library"
compile_library
rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale" "$root/usr/share/info" \
  "$root/var/cache/apt" "$root/var/lib/apt/lists"
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/etc"
tar --numeric-owner --owner=0 --group=0 -C "$root" -cf "$output" .
say "wrote $output ($(du -h "$output" | cut -f1))"
