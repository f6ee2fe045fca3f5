#!/usr/bin/env bash
# Says in a sentence which tool is missing and what to install.
set -eu
missing=0
need() { echo "$1" >&2; missing=1; }
command -v go >/dev/null || need "Go is missing: install Go 1.26 or newer (https://go.dev/dl), then run this again."
if command -v node >/dev/null && command -v npm >/dev/null; then
	[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || need "Node.js $(node --version) is too old: install Node.js 20 or newer (https://nodejs.org), then run this again."
else
	need "Node.js or its npm is missing: install Node.js 20 or newer (https://nodejs.org), then run this again."
fi
exit $missing
