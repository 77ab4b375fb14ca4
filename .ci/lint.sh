#!/bin/sh
# Spelling, migrations, unused crates, licences and sources of crates. The tools are installed in pinned versions
# below target/lint, those in Rust only where the system has none.
set -eu
cd "$(dirname "$0")/.."
HOME_OF_TOOLS=target/lint
CARGO=${CARGO:-cargo}

missing() {
	python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || printf 'python3 python3-venv '
}

. .ci/packages.sh
ensure "what checks words and migrations"

wanted=.ci/lint-requirements.txt
if ! cmp -s "$wanted" "$HOME_OF_TOOLS/installed"; then
	rm -rf "$HOME_OF_TOOLS/python"
	python3 -m venv "$HOME_OF_TOOLS/python"
	"$HOME_OF_TOOLS/python/bin/pip" install --quiet --no-cache-dir --require-hashes -r "$wanted"
	cp "$wanted" "$HOME_OF_TOOLS/installed"
fi

# Gives the path of a tool in Rust.
tool() {
	if ! command -v "$1"; then
		if [ ! -x "$HOME_OF_TOOLS/bin/$1" ]; then
			echo "building $1 $2" >&2
			CARGO_TARGET_DIR="$HOME_OF_TOOLS/build" $CARGO install --quiet --locked --root "$HOME_OF_TOOLS" --version "$2" "$1" >&2
		fi
		echo "$HOME_OF_TOOLS/bin/$1"
	fi
}

"$HOME_OF_TOOLS/python/bin/typos"
"$HOME_OF_TOOLS/python/bin/squawk" sql/migrations/*.sql
"$(tool cargo-machete 0.9.2)" --skip-target-dir .
"$(tool cargo-deny 0.20.2)" --locked check bans licenses sources
