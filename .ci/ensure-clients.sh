#!/bin/sh
# Makes sure that the programs are there with which the clients are installed and run: Python with
# venv, Node with npm, and OpenSSL's headers, which the client in Rust links to. Silent when they are.
set -eu

missing() {
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || printf 'python3 python3-venv '
	command -v node >/dev/null 2>&1 || printf 'nodejs '
	command -v npm >/dev/null 2>&1 || printf 'npm '
	pkg-config --exists openssl >/dev/null 2>&1 || printf 'pkg-config libssl-dev '
}

install() {
	# shellcheck disable=SC2086 # a list of packages
	$1 env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $2 ||
		{
			# Without package lists, or with old ones.
			$1 apt-get update
			$1 env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $2
		}
}

wanted=$(missing)
if [ -z "$wanted" ]; then
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "Install these by hand, or what your system calls them: $wanted" >&2
	exit 1
fi
echo "Installing what the clients need: $wanted" >&2
if [ "$(id -u)" -eq 0 ]; then
	install "" "$wanted" >&2
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	install "sudo -n" "$wanted" >&2
else
	echo "No right to install packages. Run this as an administrator, then try again:" >&2
	echo "    apt-get install -y $wanted" >&2
	exit 1
fi
wanted=$(missing)
if [ -n "$wanted" ]; then
	echo "The packages are installed, but these are still missing: $wanted" >&2
	exit 1
fi
