#!/bin/sh
# Makes sure that PostgreSQL's server programs are installed, which the server and its tests start for
# themselves. Silent when they are; otherwise installs the system's package, without a cluster of its own.
set -eu

# The server looks in the same places.
have_programs() {
	old_ifs=$IFS
	IFS=:
	for dir in $PATH; do
		if complete "$dir"; then
			IFS=$old_ifs
			return 0
		fi
	done
	IFS=$old_ifs
	if command -v pg_config >/dev/null 2>&1 && complete "$(pg_config --bindir 2>/dev/null)"; then
		return 0
	fi
	for dir in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin \
		/usr/local/opt/postgresql*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
		/usr/lib64/pgsql/postgresql-*/bin; do
		if complete "$dir"; then
			return 0
		fi
	done
	return 1
}

complete() {
	[ -n "$1" ] && [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ]
}

# Runs a command with the right to install.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

# Stops with the command to run by hand unless this user may install.
need_root() {
	if [ "$(id -u)" -eq 0 ]; then
		return
	fi
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		return
	fi
	echo "No right to install packages. Run this as an administrator, then try again:" >&2
	echo "    $1" >&2
	exit 1
}

install_with_apt() {
	need_root "apt-get install -y postgresql"
	# Debian's package makes and starts a cluster, which nobody here needs. A file in this directory is
	# read by the package's scripts and gets into the way of no file of the package. It goes away again:
	# what later packages do is for the administrator to say.
	no_cluster=/etc/postgresql-common/createcluster.d/oregional.conf
	made_dirs=
	for dir in /etc/postgresql-common /etc/postgresql-common/createcluster.d; do
		if [ ! -d "$dir" ]; then
			as_root mkdir -m 755 "$dir"
			made_dirs="$dir $made_dirs"
		fi
	done
	trap tidy_apt EXIT
	trap 'exit 130' INT TERM HUP
	echo "create_main_cluster = false" | as_root tee "$no_cluster" >/dev/null
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y postgresql ||
		{
			# Without package lists, or with old ones.
			as_root apt-get update
			as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y postgresql
		}
}

# shellcheck disable=SC2329 # called by the trap
tidy_apt() {
	as_root rm -f "$no_cluster"
	for dir in $made_dirs; do
		# Now the package's, unless the installation failed.
		as_root rmdir "$dir" 2>/dev/null || true
	done
}

install_package() {
	if command -v apt-get >/dev/null 2>&1; then
		install_with_apt
	elif command -v dnf >/dev/null 2>&1; then
		need_root "dnf install -y postgresql-server postgresql-contrib"
		as_root dnf install -y postgresql-server postgresql-contrib
	elif command -v apk >/dev/null 2>&1; then
		need_root "apk add postgresql postgresql-contrib"
		as_root apk add postgresql postgresql-contrib
	elif command -v brew >/dev/null 2>&1; then
		brew install postgresql@17 # does not start a service
	else
		echo "No known package manager (apt-get, dnf, apk, brew); install PostgreSQL's server by hand." >&2
		exit 1
	fi
}

if have_programs; then
	exit 0
fi
echo "PostgreSQL's server programs are not installed; installing the system's package." >&2
install_package >&2
if ! have_programs; then
	echo "The package is installed, but initdb, postgres and pg_ctl are in none of the known places." >&2
	exit 1
fi
