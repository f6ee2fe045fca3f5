#!/usr/bin/env bash
# All tests: Go with the race detector, the web packages, then real browsers against the built server.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s\n' "$*"; }
step "what the tests need"
bash scripts/test-deps.sh
step "build"
make --no-print-directory build
step "go vet, formatting, types"
unformatted=$(gofmt -l client cmd signaling match sfu turn internal bench web/*.go)
[ -z "$unformatted" ] || { echo "run gofmt on: $unformatted" >&2; exit 1; }
go vet -trimpath ./... # as the build, whose packages it needs
npm --prefix web run --silent check
step "Go tests, and each benchmark once, so that none rots"
web=$(mktemp)
trap 'rm -f "$web"' EXIT
(npm --prefix web run --silent test && node web/app/test/run.mjs) >"$web" 2>&1 & # beside the Go tests, which mostly wait
unit=$!
# The slowest packages first, so that none runs alone at the end. Behind -args, since with a -bench of its own go test runs
# one package after the other.
go test -race -p 4 -timeout 15m ./match/redis ./sfu ./internal/app ./turn ./... -args -test.bench . -test.benchtime 1x |
	{ grep --line-buffered -Ev '^(goos|goarch|pkg|cpu): |^Benchmark|^PASS$|no test files' || true; }
step "web unit tests"
wait "$unit" && failed=0 || failed=$?
cat "$web"
[ "$failed" = 0 ] || exit "$failed"
step "real browsers"
node web/test/run.mjs
node web/test/run.mjs --cluster cluster-text cluster-rolling
