// Package app wires the rooms together: the only package that knows all of them.
//
//	main.go   commands            serve.go  start, run, drain, stop
//	wire.go   the rooms' adapters doctor.go the doctor command
//
// Main runs one command and returns its exit code. All that it starts has ended when it returns.
package app
