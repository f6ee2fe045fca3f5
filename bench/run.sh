#!/usr/bin/env bash
# Every benchmark, one after the other; each can be run alone with the line below it. JSON lands in bench/out.
set -eu
cd "$(dirname "$0")/.."
node bench/bytes/run.mjs                     # P1: script before the page is usable
node bench/paint/run.mjs                     # P2: first paint, and how soon a press is answered
node bench/open/run.mjs                      # N2: round trips from the page to being ready
node bench/next/run.mjs                      # N1: decision to first picture, beside a new PeerConnection per match
node bench/loss/run.mjs                      # S4: a call on a bad network, beside a call without a server through the same
node bench/loss/run.mjs --drop 300000        # a receiver whose bandwidth falls
go run ./bench/idle -bin bin/passerby        # S3: memory of a waiting user, beside plain Pion
go run ./bench/pairs                         # M1: what a pair costs Redis, beside two ZADD and a ZPOPMIN
go run ./bench/meet                          # M2: how well people are matched, and how true the estimates are
go run ./bench/wire -bin bin/passerby         # W1, W2: memory of an idle session, delay of a text across two nodes
go run ./bench/chaos -bin bin/passerby       # C1: nodes are killed under people who talk; nothing may be lost, doubled or stuck
go run ./bench/link                          # Next across two nodes, beside Next on one
go run ./bench/turn -bin bin/passerby        # T1 to T5: what a relayed packet, an allocation, a refusal cost, beside coturn and pion
go run ./bench/sfu                            # S1, S2: what a forwarded packet costs, beside plain Pion and a bare forwarder
go run ./bench/load -bin bin/passerby          # a minute of 200 people: delays, losses, what the server uses
go run ./bench/load -bin bin/passerby -capacity # what one more session costs: processor, memory, Redis
