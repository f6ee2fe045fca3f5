// Package batch reads and writes many UDP datagrams with one system call.
//
//	Reader: slots of [ headroom | datagram | tail room ]   ◀── recvmmsg
//	Writer: datagrams of others' memory, with addresses    ──▶ sendmmsg, equal ones to one address as one (UDP_SEGMENT)
//
// Headroom lets a header be put before what was read, without a copy. Nothing is allocated after the constructors.
//
// Conn is for a goroutine that blocks in Go's own poller, on every system; where there is no recvmmsg it moves one datagram at a
// time. On Linux Reader.Read and Writer.Flush also work on a descriptor that does not block, for a loop over an epoll of its own.
//
// Safe for concurrent use? A Reader or a Writer belongs to one goroutine; a Conn may be shared. Who closes? Whoever made the
// socket. What happens when full? A Writer without room says so; what the kernel has no room for is dropped and counted.
package batch
