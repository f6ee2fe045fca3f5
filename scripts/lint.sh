#!/usr/bin/env bash
# Every check that needs no running program. Tools are pinned in tools/go.mod.
set -eu
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l client cmd signaling match sfu turn internal bench web/*.go)
[ -z "$unformatted" ] || { echo "run gofmt on: $unformatted" >&2; exit 1; }
go vet ./...
go tool -modfile=tools/go.mod staticcheck ./...
if ! go tool -modfile=tools/go.mod govulncheck ./...; then
	[ "${CI:-}" = true ] || exit 1
	echo "govulncheck could not run or found something (it needs its database from the network)" >&2
fi
(cd tools/helm && go vet ./... && go test ./...) # the chart, in a module of its own
npm --prefix web run --silent check
