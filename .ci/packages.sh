# Read by the scripts beside it, which say by `missing` which of the system's packages they want; `ensure`
# installs them.

install() {
	# shellcheck disable=SC2086 # a list of packages
	$1 env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $2 ||
		{
			# Without package lists, or with old ones.
			$1 apt-get update
			$1 env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $2
		}
}

ensure() {
	wanted=$(missing)
	if [ -z "$wanted" ]; then
		return
	fi
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "Install these by hand, or what your system calls them: $wanted" >&2
		exit 1
	fi
	echo "Installing $1: $wanted" >&2
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
}
