#!/usr/bin/env bash
# Makes the secrets of compose.yaml, once: random passwords in files that the containers' users can read and nobody else on
# the machine can reach, since the folder is yours alone.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p -m 700 secrets
fresh() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
put() { [ -e "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"; chmod 644 "secrets/$1"; }
if [ ! -e secrets/redis_conf ]; then
	redis=$(fresh)
	put redis_conf "requirepass $redis"
	put redis_url "redis://:$redis@127.0.0.1:6379"
fi
if [ ! -e secrets/database_password ]; then
	database=$(fresh)
	put database_password "$database"
	put database_url "postgres://passerby:$database@127.0.0.1:5432/passerby?sslmode=disable"
fi
put grafana_password "$(fresh)"
echo "secrets/ is there; keep a copy of it with your backups"
