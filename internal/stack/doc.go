// Package stack starts all programs of a Passerby of several nodes on this machine, for tests, benchmarks and `make cluster`:
//
//	NGINX ──▶ node 1 ┐
//	      ──▶ node 2 ┼──▶ Redis (alone, or behind Sentinels), RabbitMQ
//	      ──▶ node 3 ┘
//
// Each program has a private port and files in one directory; none needs root, and no service of the machine is touched.
// A program dies with whoever started it, however that ends. A Process is safe for concurrent use, the rest is used by
// one goroutine; who starts a thing kills it.
package stack
