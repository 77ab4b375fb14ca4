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

. "$(dirname "$0")/packages.sh"
ensure "what the clients need"
