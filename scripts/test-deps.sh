#!/usr/bin/env bash
# Installs what the tests need beyond Go and Node: two browsers, coturn for its TURN client and as what we measure beside, fonts for the screenshots, ip and unshare for the
# private network. As root it installs with apt; else it says what to install. Quick when all is there.
set -eu
packages=()
need() { # need COMMAND-OR-FILE PACKAGE
	if [[ $1 == /* ]]; then [ -e "$1" ] || packages+=("$2"); else command -v "$1" >/dev/null || packages+=("$2"); fi
}
need chromium chromium
need firefox-esr firefox-esr
need turnutils_uclient coturn
need ip iproute2
need unshare util-linux
need /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf fonts-noto-color-emoji
need /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf fonts-dejavu-core
[ ${#packages[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	echo "installing for the tests: ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	if [ ! -e /usr/sbin/policy-rc.d ]; then # services of these packages (coturn) are installed, and not started
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod +x /usr/sbin/policy-rc.d
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	apt-get update -qq || apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
else
	echo "The browser tests need: ${packages[*]}. Install them (on Debian: sudo apt-get install ${packages[*]}), then run this again." >&2
	exit 1
fi
