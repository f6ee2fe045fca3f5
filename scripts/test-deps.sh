#!/usr/bin/env bash
# Installs what the tests need beyond Go and Node: two browsers, fonts for the screenshots, ip and unshare for the
# private network, openssl, redis-server, PostgreSQL, NGINX, HAProxy, RabbitMQ and Prometheus with promtool (the tests start their own), coturn (its TURN client, and what we measure beside), Pebble (a CA). The
# packages' services stay off. As root it installs with apt; else it says what to install. Quick when all is there.
set -eu
packages=()
need() { # need COMMAND-OR-FILE PACKAGE
	if [[ $1 == /* ]]; then [ -e "$1" ] || packages+=("$2"); else command -v "$1" >/dev/null || packages+=("$2"); fi
}
need chromium chromium
need firefox-esr firefox-esr
need turnutils_uclient coturn
need pebble pebble
need ip iproute2
need unshare util-linux
need openssl openssl
need redis-server redis-server
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need initdb postgresql
need nginx nginx
need haproxy haproxy
need /usr/lib/rabbitmq/bin/rabbitmq-server rabbitmq-server
need promtool prometheus
need /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf fonts-noto-color-emoji
need /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf fonts-dejavu-core
[ ${#packages[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	echo "installing for the tests: ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	policy=/usr/sbin/policy-rc.d # says whether a package may start its service
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
		trap 'rm -f "$policy"' EXIT
	fi
	apt-get update -qq || apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
	for service in redis-server postgresql nginx haproxy rabbitmq-server prometheus; do
		if [[ " ${packages[*]} " == *" $service "* ]] && [ -d /run/systemd/system ]; then
			systemctl disable --quiet "$service" # nor at the next boot
		fi
	done
else
	echo "The browser tests need: ${packages[*]}. Install them (on Debian: sudo apt-get install ${packages[*]}), then run this again." >&2
	exit 1
fi
