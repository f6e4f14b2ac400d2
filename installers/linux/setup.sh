# Sourced by ./dev: finds out what this machine lacks, asks once, installs it.

# Found here as well as on the PATH; the first is where this file puts what no system package provides.
tools=$PWD/.suanpan/tools
export PATH="$tools/node_modules/.bin:$tools/bin:$PATH:$HOME/.cargo/bin"

rust_version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
node_version=20.19 # what Vite asks for

# gcc compiles SQLite and zstd; WebKitGTK draws the windows; the fonts draw Chinese.
build_packages="gcc libc6-dev pkg-config libwebkit2gtk-4.1-dev fonts-noto-cjk"
# The end-to-end tests drive the till by WebKit's driver and HQ by Chromium's, on a display of their own.
# Ubuntu has Chromium only as a snap: there the tests open HQ in WebKit too.
# The hub's tests start PostgreSQL servers of their own; Patroni, with etcd and haproxy, lets another take over from one that dies.
test_services="patroni etcd-server haproxy"
test_packages="xvfb webkit2gtk-driver chromium chromium-driver postgresql $test_services"

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
# Where everything has to be there, a missing part is a failure.
skip() { [ "${CI:-false}" != true ] || die "Missing: $*."; printf 'Skipped: %s.\n' "$*"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
at_least() { printf '%s\n%s\n' "$1" "$2" | sort --version-sort --check=quiet; }
# The version of a program, or nothing.
version_of() { "$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1; }
rust_is_new() { local have; have=$(version_of rustc) && command -v cargo >/dev/null && at_least "$rust_version" "$have"; }
# Where rustup's default is older, the toolchain installed here before serves.
has_rust() {
  rust_is_new && return
  rustup toolchain list 2>/dev/null | grep -q "^$rust_version-" && export RUSTUP_TOOLCHAIN=$rust_version && rust_is_new
}
has_node() { local have; have=$(version_of node) && command -v npm >/dev/null && at_least "$node_version" "$have"; }
apt_offers() { at_least "$2" "$(apt-cache policy "$1" | sed -n 's/ *Candidate: \([0-9.]*\).*/\1/p')"; }

# setup [test|fuzz]: everything to build, or also to test or to fuzz.
setup() {
  local wanted=$build_packages missing=() package
  case "${1:-}" in
    test) wanted+=" $test_packages" ;;
    fuzz) wanted+=" g++" ;; # builds libFuzzer
  esac
  for package in $(for_this_system "$wanted"); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
  done
  local needs_rust=no needs_node=no
  has_rust || needs_rust=yes
  has_node || needs_node=yes
  if [ ${#missing[@]} -gt 0 ] || [ $needs_rust = yes ] || [ $needs_node = yes ]; then
    step "Missing here"
    [ ${#missing[@]} -eq 0 ] || printf '  system packages: %s\n' "${missing[*]}"
    [ $needs_rust = no ] || printf '  Rust %s or newer\n' "$rust_version"
    [ $needs_node = no ] || printf '  Node.js %s or newer\n' "$node_version"
    confirm "Install them now?"
    install_missing "${missing[@]}"
  fi
  prepare_linker
}

for_this_system() {
  command -v apt-get >/dev/null || die "This needs apt (Debian 12, Ubuntu 24.04 or newer); elsewhere install by hand: $1"
  case $(. /etc/os-release && echo "$ID") in
    ubuntu) echo "${1/chromium chromium-driver/}" ;;
    *) echo "$1" ;;
  esac
}

confirm() {
  [ "$assume_yes" != true ] || return 0
  [ -t 0 ] || { echo "$1 (no terminal to ask on: yes)"; return 0; }
  local answer
  read -rp "$1 [Y/n] " answer
  case $answer in '' | [Yy]*) ;; *) die "Nothing was installed." ;; esac
}

install_missing() {
  step "Installing system packages"
  apt_get update
  case " $* " in *" postgresql "*) no_database_cluster ;; esac
  [ $# -eq 0 ] || without_services apt_get install "$@"
  has_rust || install_rust
  has_node || install_node
  hash -r
  has_rust || die "Rust is still older than $rust_version: $(rustc --version)"
  has_node || die "Node.js is still older than $node_version: $(node --version)"
}

# Debian's package makes a database and starts it as a service at once; the tests want its programs alone. A machine that
# has PostgreSQL's settings already is left as it is.
no_database_cluster() {
  local settings=/etc/postgresql-common/createcluster.conf
  [ ! -e $settings ] || return 0
  apt_get install postgresql-common
  as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' $settings
}

# Debian starts what it installs, now and at every boot. Services that were here before are left as they are.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod +x $policy
  fi
  "$@"
  command -v systemctl >/dev/null || return 0
  for package in $test_services; do
    case " $* " in *" $package "*) as_root systemctl --quiet disable "${package%-server}.service" 2>/dev/null ;; esac
  done
)

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends --yes "$@" >/dev/null
}

install_rust() {
  step "Installing Rust"
  rust_by_rustup || rust_by_script || rust_by_debian ||
    die "Neither rustup nor apt offers Rust $rust_version here; install it from https://rustup.rs"
}

# rustup is a package in Ubuntu 24.04 and Debian 13.
rust_by_rustup() {
  if ! command -v rustup >/dev/null; then apt_offers rustup 1 && apt_get install rustup || return 1; fi
  rustup toolchain install "$rust_version" --profile minimal --component clippy,rustfmt --no-self-update
}

rust_by_script() {
  local script=$tools/rustup.sh
  curl --silent --fail --max-time 20 --create-dirs --output "$script" https://sh.rustup.rs || return 1
  sh "$script" -y --default-toolchain "$rust_version" --profile minimal --component clippy,rustfmt
}

# Debian 12's own newer Rust, kept up to date for its browsers.
rust_by_debian() {
  apt_offers rustc-web "$rust_version" && apt_get install rustc-web cargo-web rust-web-clippy rustfmt-web
}

install_node() {
  step "Installing Node.js"
  if apt_offers nodejs "$node_version"; then
    apt_get install nodejs npm
  else
    # The system's npm fetches a newer Node.js and npm for this folder only.
    command -v npm >/dev/null || apt_get install npm
    npm install --silent --no-save --prefix "$tools" node@22 npm@10
  fi
}

# rustup's Rust brings lld; Debian's links with the slow system linker unless mold is there.
prepare_linker() {
  [ ! -d "$(rustc --print sysroot)/lib/rustlib/$(uname -m)-unknown-linux-gnu/bin/gcc-ld" ] || return 0
  ! command -v mold >/dev/null || export RUSTFLAGS="${RUSTFLAGS:-} -C link-arg=-fuse-ld=mold"
}

# Built once into the tools folder, unoptimised: it runs for a second and compiles for minutes.
install_cargo_deny() {
  cargo deny --version &>/dev/null ||
    cargo install --quiet --locked --profile dev --root "$tools" --target-dir "$target/tools" cargo-deny
}
