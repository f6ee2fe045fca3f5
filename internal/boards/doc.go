// Package boards holds the dashboard of a cluster as data, and writes it as Grafana wants it. Tests hold it to what a
// server shows on /metrics; deploy/grafana/passerby.json is made from it.
//
//	go test ./internal/boards -update
package boards
