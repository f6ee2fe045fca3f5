#!/usr/bin/env bash
# Every benchmark, one after the other; each can be run alone with the line below it. JSON lands in bench/out.
set -eu
cd "$(dirname "$0")/.."
node bench/bytes/run.mjs                     # P1: script before the page is usable
node bench/open/run.mjs                      # N2: round trips from the page to being ready
node bench/next/run.mjs                      # N1: decision to first picture, beside a new PeerConnection per match
go run ./bench/idle -bin bin/passerby        # S3: memory of a waiting user, beside plain Pion
go run ./bench/turn -bin bin/passerby        # T1 to T5: what a relayed packet, an allocation, a refusal cost, beside coturn and pion
