package boards

import (
	"fmt"
	"strings"
)

// of narrows metrics, written as @name, to the chosen nodes.
func of(expr string) string {
	var out strings.Builder
	for i, part := range strings.Split(expr, "@") {
		if i == 0 {
			out.WriteString(part)
			continue
		}
		end := strings.IndexFunc(part, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
		if end < 0 {
			end = len(part)
		}
		rest, labels := part[end:], ""
		if strings.HasPrefix(rest, "{") {
			labels, rest, _ = strings.Cut(rest[1:], "}")
			labels = "," + labels
		}
		fmt.Fprintf(&out, "passerby_%s{instance=~\"$instance\"%s}%s", part[:end], labels, rest)
	}
	return out.String()
}

const window = "[$__rate_interval]"

func stat(title, text, unit, expr string) Panel {
	return Panel{Title: title, Text: text, Unit: unit, Kind: "stat", Queries: []Query{{of(expr), ""}}}
}

func graph(title, text, unit string, queries ...Query) Panel {
	for i := range queries {
		queries[i].Expr = of(queries[i].Expr)
	}
	return Panel{Title: title, Text: text, Unit: unit, Kind: "timeseries", Queries: queries}
}

// rate sums a counter by labels.
func rate(metric, by string) string {
	if by == "" {
		return fmt.Sprintf("sum(rate(@%s%s))", metric, window)
	}
	return fmt.Sprintf("sum by (%s) (rate(@%s%s))", by, metric, window)
}

// quantile of a histogram, by labels.
func quantile(q float64, metric, by string) string {
	if by != "" {
		by = ", " + by
	}
	return fmt.Sprintf("histogram_quantile(%v, sum by (le%s) (rate(@%s%s)))", q, by, metric, window)
}

// Rows are the dashboard: promises first, then what may break them.
func Rows() []Row {
	return []Row{
		{"Now", []Panel{
			stat("People", "Sessions of all nodes.", "short", "sum(@signaling_sessions)"),
			stat("In a match", "Sessions that talk.", "short", "sum(@signaling_matched_sessions)"),
			stat("In line", "People who look for a partner, as the queue counts them.", "short", "sum(max by (mode) (@queue_waiting))"),
			stat("Room", "Part of the places that are taken.", "percentunit", "sum(@signaling_sessions) / sum(@node_max_sessions)"),
			stat("Nodes", "Nodes that answer, and of these those that drain.", "short", "count(@build_info)"),
			stat("First frame, 95 %", "19 of 20 first pictures came within this time after the match, as clients say.", "s", quantile(.95, `signaling_first_frame_seconds_bucket{since="matched"}`, "")),
		}},
		{"Promises", []Panel{
			graph("Match → first frame", "From the moment that a client hears of the match to its first picture, by clients' clocks: partner on the same node, or across nodes.", "s",
				Query{quantile(.5, `signaling_first_frame_seconds_bucket{since="matched"}`, "way"), "half, {{way}}"},
				Query{quantile(.95, `signaling_first_frame_seconds_bucket{since="matched"}`, "way"), "95 %, {{way}}"}),
			graph("Next → first frame", "From the press to the picture, the wait for a partner included.", "s",
				Query{quantile(.5, `signaling_first_frame_seconds_bucket{since="next"}`, ""), "half"},
				Query{quantile(.95, `signaling_first_frame_seconds_bucket{since="next"}`, ""), "95 %"}),
			graph("Wait for a match", "Time in line of those who were matched, by mode and pool.", "s",
				Query{quantile(.5, "signaling_match_wait_seconds_bucket", "mode, pool"), "half, {{mode}} {{pool}}"},
				Query{quantile(.95, "signaling_match_wait_seconds_bucket", "mode, pool"), "95 %, {{mode}} {{pool}}"}),
		}},
		{"People", []Panel{
			graph("Sessions", "Sessions and open WebSockets of each node.", "short",
				Query{"sum by (instance) (@signaling_sessions)", "sessions, {{instance}}"},
				Query{"sum by (instance) (@signaling_connections)", "sockets, {{instance}}"}),
			graph("Line and matches", "What the queue holds, of all nodes together.", "short",
				Query{"max by (mode) (@queue_waiting)", "in line, {{mode}}"},
				Query{"max(@queue_pairs)", "matches"},
				Query{"sum(@signaling_waiting_sessions)", "in line, as the nodes count"}),
			graph("Matches", "Matches that begin, and how they end.", "ops",
				Query{rate("signaling_matches_total", "mode"), "begun, {{mode}}"},
				Query{rate("signaling_ended_total", "reason"), "ended, {{reason}}"}),
			graph("Talks", "How long matches last.", "s",
				Query{quantile(.5, "signaling_talk_seconds_bucket", "mode"), "half, {{mode}}"},
				Query{quantile(.95, "signaling_talk_seconds_bucket", "mode"), "95 %, {{mode}}"}),
		}},
		{"Errors", []Panel{
			graph("Told to people", "Errors that clients were told, by code.", "ops", Query{rate("signaling_errors_total", "code"), "{{code}}"}),
			graph("HTTP", "Requests of the public port, by route and status.", "ops", Query{rate("http_requests_total", "route, code"), "{{route}} {{code}}"}),
			graph("Calls that failed", "Of nodes to queue, media server and bus.", "ops", Query{rate("signaling_call_failures_total", "call"), "{{call}}"}),
			graph("Bugs and slow readers", "Panics, mailboxes that were full, connections whose client did not read. All should be zero.", "ops",
				Query{rate("signaling_session_panics_total", ""), "panics of sessions"},
				Query{rate("sfu_panics_total", ""), "panics of media"},
				Query{rate("signaling_mailbox_dropped_total", ""), "letters dropped"},
				Query{rate("signaling_slow_consumers_total", ""), "slow readers"}),
		}},
		{"Media", []Panel{
			graph("Packets", "RTP packets from and to browsers.", "pps",
				Query{rate("sfu_received_packets_total", "kind"), "in, {{kind}}"},
				Query{rate("sfu_sent_packets_total", "kind"), "out, {{kind}}"}),
			graph("Bits", "RTP payload from and to browsers.", "bps",
				Query{"8 * " + rate("sfu_received_bytes_total", "kind"), "in, {{kind}}"},
				Query{"8 * " + rate("sfu_sent_bytes_total", "kind"), "out, {{kind}}"}),
			graph("Loss", "Part of the packets that were missing when reports were made.", "percentunit",
				Query{`sum(rate(@sfu_lost_packets_total{direction="in"}` + window + `)) / sum(rate(@sfu_received_packets_total` + window + `))`, "in"},
				Query{`sum(rate(@sfu_lost_packets_total{direction="out"}` + window + `)) / sum(rate(@sfu_sent_packets_total` + window + `))`, "out"}),
			graph("Repairs", "Packets that were sent again, and key frames that were asked for.", "ops",
				Query{rate("sfu_resent_packets_total", "kind"), "sent again, {{kind}}"},
				Query{rate("sfu_repaired_packets_total", ""), "repaired by senders"},
				Query{rate("sfu_keyframe_requests_total", ""), "key frame requests"},
				Query{rate("sfu_probe_packets_total", ""), "probes"}),
		}},
		{"Networks", []Panel{
			graph("Round trip", "Between nodes and browsers, by the browsers' reports.", "s",
				Query{quantile(.5, "sfu_round_trip_seconds_bucket", ""), "half"},
				Query{quantile(.95, "sfu_round_trip_seconds_bucket", ""), "95 %"}),
			graph("Estimate", "What the networks of those take now whose networks take less than they could be sent.", "bps",
				Query{"histogram_quantile(0.1, sum by (le) (@sfu_estimate_bits_bucket))", "lowest tenth"},
				Query{"histogram_quantile(0.5, sum by (le) (@sfu_estimate_bits_bucket))", "half"}),
			graph("Limited peers", "Peers, and those whose network takes less than they could be sent.", "short",
				Query{"sum(@sfu_peers)", "peers"}, Query{"sum(@sfu_limited_peers)", "limited"}, Query{"sum(@sfu_routes)", "fed"}),
			graph("Packets not forwarded", "By reason.", "pps", Query{rate("sfu_dropped_packets_total", "reason"), "{{reason}}"}),
		}},
		{"Safety and storage", []Panel{
			graph("Reports", "Reports that were taken, by reason, and those whose proof was none.", "ops",
				Query{rate("signaling_reports_total", "reason"), "{{reason}}"},
				Query{rate("signaling_reports_refused_total", ""), "refused"}),
			graph("Programs", "Sessions that behave like programs; requests for a session that got a puzzle, by why.", "ops",
				Query{rate("signaling_suspects_total", ""), "suspects"}, Query{rate("proof_asked_total", "why"), "puzzles, {{why}}"}),
			graph("Database", "1 while the database answers; records that were dropped because it did not for long.", "short",
				Query{"min(@database_up)", "up"}, Query{rate("records_dropped_total", "kind"), "dropped, {{kind}}"}),
		}},
		{"A full node", []Panel{
			graph("Takes nobody new", "1 while a node sends newcomers away, since a signal is over its mark.", "short", Query{"max by (instance) (@overload_full)", "{{instance}}"}),
			graph("Processors and memory", "What newcomers are judged by: parts of what the process may use. Memory is 0 where no limit is known.", "percentunit",
				Query{"max by (instance) (@overload_cpu_ratio)", "CPU, {{instance}}"},
				Query{"max by (instance) (@overload_memory_ratio)", "memory, {{instance}}"}),
			graph("Lag", "What 99 of 100 goroutines that could run waited at most for a processor.", "s", Query{"max by (instance) (@overload_lag_seconds)", "{{instance}}"}),
			graph("Sent away", "Newcomers who were told that the node is full, by the signal that made it so.", "ops", Query{rate("overload_refused_total", "signal"), "{{signal}}"}),
		}},
		{"Texts, tags and recordings", []Panel{
			graph("Refused texts", "Texts that were not delivered, by reason: the operator's filter, its silence, their form.", "ops",
				Query{rate("signaling_texts_refused_total", "reason"), "{{reason}}"}),
			graph("Text filter", "Texts that the filter judged, by outcome; nothing where texts are encrypted between people.", "ops",
				Query{rate("text_filter_total", "outcome"), "{{outcome}}"}),
			graph("Filter's time", "How long the operator's service took to judge a text.", "s",
				Query{quantile(.5, "text_filter_seconds_bucket", ""), "half"},
				Query{quantile(.95, "text_filter_seconds_bucket", ""), "95 %"}),
			graph("Tags", "Tags that people of a node named in the last hours, and those of them that enough people named to be suggested. Their words are not told.", "short",
				Query{"sum by (instance) (@tags_named)", "named, {{instance}}"},
				Query{"sum by (instance) (@tags_popular)", "popular, {{instance}}"}),
			graph("Recordings", "Memory of the encrypted recordings that reports may open, and the most that they may take.", "bytes",
				Query{"sum by (instance) (@sfu_recording_bytes)", "held, {{instance}}"},
				Query{"sum by (instance) (@sfu_recording_limit_bytes)", "limit, {{instance}}"}),
		}},
		{"Events for other systems", []Panel{
			graph("Events", "Events by sink (webhook, RabbitMQ, Kafka) and what became of them. Given up should be zero.", "ops",
				Query{rate("events_total", "sink, outcome"), "{{sink}}, {{outcome}}"}),
			graph("Outbox", "Events that a sink has not got yet, as all nodes see them.", "short", Query{"max by (sink) (@events_waiting)", "{{sink}}"}),
			graph("Oldest event", "Age of the oldest event that a sink has not got yet.", "s", Query{"max by (sink) (@events_oldest_seconds)", "{{sink}}"}),
			graph("Events' delay", "From what happened to the sink's word that it has the event.", "s",
				Query{quantile(.5, "events_delay_seconds_bucket", "sink"), "half, {{sink}}"},
				Query{quantile(.95, "events_delay_seconds_bucket", "sink"), "95 %, {{sink}}"}),
		}},
		{"Cluster", []Panel{
			graph("Links", "Links between nodes that are up, as both ends count.", "short", Query{"sum(@link_up)", "up"}),
			graph("Between nodes", "Round trip of the links.", "s", Query{"max(@link_round_trip_seconds)", "longest"}),
			graph("Link packets", "Datagrams between nodes, and those for which there was no room.", "pps",
				Query{rate("link_sent_packets_total", ""), "sent"}, Query{rate("link_dropped_packets_total", ""), "dropped"}),
			graph("Bus", "Messages between nodes, and envelopes that never came.", "ops",
				Query{rate("bus_sent_total", ""), "sent"}, Query{rate("bus_received_total", ""), "received"}, Query{rate("bus_missed_envelopes_total", ""), "missed"}),
		}},
		{"From node to node, and across regions", []Panel{
			graph("Draining", "1 from the signal to stop until a node has ended.", "short", Query{"max by (instance) (@node_draining)", "{{instance}}"}),
			graph("Drain", "How long a node sends its people elsewhere already. It ends at drain-timeout whoever is left.", "s", Query{"max by (instance) (@signaling_drain_seconds)", "{{instance}}"}),
			graph("Moves", "Sessions that went from node to node: without a break, after one, and those whose node was gone by then: it died, or stopped and left them.", "ops",
				Query{rate("signaling_taken_over_total", "way"), "came, {{way}}"},
				Query{rate("signaling_drained_total", "way"), "sent by a drain, {{way}}"}),
			graph("Matches across regions", "Part of the matches between people of regions that are of different ones: they waited longer than region-overflow-after.", "percentunit",
				Query{"sum(rate(@signaling_matches_total{region=\"other\"}" + window + ")) / sum(rate(@signaling_matches_total{region=~\"same|other\"}" + window + "))", "across"}),
		}},
		{"Machine", []Panel{
			graph("CPU", "Cores that each node uses.", "short", Query{`sum by (instance) (rate(process_cpu_seconds_total{instance=~"$instance"}` + window + `))`, "{{instance}}"}),
			graph("Memory", "Resident memory of each node.", "bytes", Query{`sum by (instance) (process_resident_memory_bytes{instance=~"$instance"})`, "{{instance}}"}),
			graph("Goroutines", "Of each node; it should follow the sessions.", "short", Query{`sum by (instance) (go_goroutines{instance=~"$instance"})`, "{{instance}}"}),
		}},
	}
}
