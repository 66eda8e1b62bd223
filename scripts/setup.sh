# SPDX-License-Identifier: BSD-2-Clause
# What the scripts share; they source it.  Wants $me, the script's name.
# shellcheck shell=sh disable=SC2034,SC2154

top=$(cd "$(dirname "$0")/.." && pwd)
assume_yes=${assume_yes-no}

build_packages="build-essential autoconf automake libtool pkg-config
	libsodium-dev libjson-c-dev libcurl4-openssl-dev libssl-dev
	libseccomp-dev"
server_packages="libmicrohttpd-dev openssl curl"
# For the modules that are built where their libraries are, and their tests.
module_packages="libsecret-1-dev dbus gnome-keyring python3-dbus python3-gi
	libtss2-dev swtpm tpm2-tools"
# tests of pam_tokenward.so: the library, and real programs that log in
pam_packages="libpam0g-dev pamtester libpam-wrapper passwd login util-linux
	binutils"

say() {
	echo "$me: $*" >&2
}

die() {
	say "$*"
	exit 1
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = \
	    installed ]
}

may_install() {
	if [ "$assume_yes" = yes ]; then
		return 0
	elif [ -t 0 ] && [ -t 2 ]; then
		printf '%s: install them now? [y/N] ' "$me" >&2
		read -r answer
		case $answer in
		[yY]*) return 0 ;;
		*) return 1 ;;
		esac
	fi
	[ "$(id -u)" = 0 ]
}

# As root, the way this user may become it.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "only root may install packages, and there is no sudo"
	fi
}

# need_packages PACKAGE...: those that are missing, after a question.
need_packages() {
	missing=
	for package; do
		is_installed "$package" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null ||
	    die "this is not Debian; needed are packages like$missing"
	say "not installed:$missing"
	may_install ||
	    die "they are needed: apt-get install$missing"
	# shellcheck disable=SC2086
	{
		as_root env DEBIAN_FRONTEND=noninteractive \
		    apt-get -q update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
		    install -y --no-install-recommends $missing
	} >"$setup_log" 2>&1 || {
		tail -n 20 "$setup_log" >&2
		die "the packages could not be installed"
	}
}

# copy_source DIRECTORY: what belongs to the project, nothing that was built.
copy_source() {
	mkdir -p "$1"
	(
		cd "$top" || exit
		if [ -e .git ] && command -v git >/dev/null &&
		    git -c safe.directory="$top" ls-files -co \
		    --exclude-standard >"$1/.files" 2>/dev/null; then
			while read -r file; do
				[ ! -e "$file" ] || printf '%s\n' "$file"
			done <"$1/.files" | tar -c -f - -T -
		else
			tar -c -f - --exclude=./.git --exclude='./build*' \
			    --exclude=./autom4te.cache --exclude='*.o' \
			    --exclude='*.lo' --exclude='*.la' --exclude=.libs \
			    --exclude=./config.status --exclude=./Makefile .
		fi
	) | (cd "$1" && exec tar -x -f - --no-same-owner)
	rm -f "$1/.files"
}
