#!/bin/sh
# Makes sure that the programs are there by which the pages are tried in a browser: Chromium, Python, and
# Node with npm. Silent when they are.
set -eu

missing() {
	command -v chromium >/dev/null 2>&1 || [ -x "${CHROMIUM:-}" ] || printf 'chromium '
	command -v python3 >/dev/null 2>&1 || printf 'python3 '
	command -v node >/dev/null 2>&1 || printf 'nodejs '
	command -v npm >/dev/null 2>&1 || printf 'npm '
}

. "$(dirname "$0")/packages.sh"
ensure "what the browser's tests need"
