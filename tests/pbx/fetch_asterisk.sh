#!/bin/sh
# Fetch the Asterisk builds that the real-PBX tests run, each into a folder of its own.
#
#   usage: fetch_asterisk.sh [22] [16]        (both when none is named)
#
# Asterisk 22 comes from Debian unstable, 16.28 from bullseye, by debootstrap, from the very mirror that
# this machine's own apt is configured with. The trees are kept between runs in $CALLCENTRE_PBX_HOME
# (default: ~/.cache/callcentre-pbx); a tree is built beside its place and renamed when it is
# complete, so half a tree is never taken for a whole one. Needs root on a Debian machine.
set -eu

HOME_DIR="${CALLCENTRE_PBX_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/callcentre-pbx}"
COMMON="asterisk asterisk-modules asterisk-config asterisk-core-sounds-en-gsm"
LOG="$HOME_DIR/fetch.log"

say() { printf '%s\n' "fetch_asterisk: $*" >&2; }

die() {
    say "$*"
    [ -s "$LOG" ] && { say "the end of $LOG:"; tail -n 15 "$LOG" >&2; }
    exit 1
}

suite_of() {
    case "$1" in
        22) echo sid ;;
        16) echo bullseye ;;
        *) die "no Asterisk $1 is known here: say 22 or 16" ;;
    esac
}

packages_of() {
    case "$1" in
        16) echo "$COMMON asterisk-voicemail" ;;
        *) echo "$COMMON" ;;
    esac
}

mirror() {
    # The first plain Debian archive in apt's own answer: security and third-party ones lack the suites.
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "Debian" { sub(/\/$/, "", $1); print $1; exit }'
}

apt_quiet() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        -o Acquire::Check-Valid-Until=false "$@" >>"$LOG" 2>&1
}

need_tools() {
    missing=""
    command -v debootstrap >/dev/null 2>&1 || missing="debootstrap"
    command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
    [ -z "$missing" ] && return 0
    say "installing$( printf ' %s' $missing )"
    apt_quiet update || die "apt-get update failed"
    # shellcheck disable=SC2086  # a list of words
    apt_quiet install -y --no-install-recommends $missing || die "apt-get install $missing failed"
}

fetch() {
    version="$1"
    suite="$(suite_of "$version")"
    tree="$HOME_DIR/$version"
    packages="$(packages_of "$version")"
    # The mark names what is in the tree, so that a longer list fetches it anew.
    if [ "$(cat "$tree/.callcentre-complete" 2>/dev/null)" = "$packages" ]; then return 0; fi
    from="$(mirror)"
    if [ -z "$from" ]; then
        apt_quiet update || die "apt-get update failed"
        from="$(mirror)"
    fi
    [ -n "$from" ] || die "apt names no Debian archive on this machine"
    building="$HOME_DIR/.$version.building.$$"
    trap 'rm -rf "$building"' EXIT INT TERM
    say "Asterisk $version ($suite) into $tree"
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || die "this debootstrap does not know $suite"
    debootstrap --variant=minbase "$suite" "$building" "$from" >>"$LOG" 2>&1 ||
        die "debootstrap of $suite failed"
    # No service may start, and nothing may ask the network for this machine's name.
    printf '#!/bin/sh\nexit 101\n' >"$building/usr/sbin/policy-rc.d"
    chmod 755 "$building/usr/sbin/policy-rc.d"
    printf 'Acquire::Check-Valid-Until "false";\nAPT::Install-Recommends "false";\n' \
        >"$building/etc/apt/apt.conf.d/90callcentre"
    for file in /etc/apt/apt.conf.d/*[Pp]roxy*; do
        if [ -f "$file" ]; then cp "$file" "$building/etc/apt/apt.conf.d/"; fi
    done
    # shellcheck disable=SC2086  # a list of words
    if ! DEBIAN_FRONTEND=noninteractive chroot "$building" sh -c \
        'apt-get -qq update && apt-get -qq install -y "$@" && apt-get -qq clean' sh $packages \
        >>"$LOG" 2>&1; then
        die "installing Asterisk $version failed"
    fi
    chroot "$building" asterisk -V >>"$LOG" 2>&1 || die "Asterisk $version does not start"
    : >"$building/etc/resolv.conf"
    rm -rf "$building/var/lib/apt/lists" "$building/var/cache/apt"
    echo "$packages" >"$building/.callcentre-complete"
    rm -rf "$tree"
    mv "$building" "$tree"
    trap - EXIT INT TERM
}

[ "$(id -u)" = 0 ] || die "debootstrap and chroot need root"
mkdir -p "$HOME_DIR"
exec 9>"$HOME_DIR/.lock"
flock 9
: >"$LOG"
need_tools
[ $# -gt 0 ] || set -- 22 16
for wanted in "$@"; do fetch "$wanted"; done
