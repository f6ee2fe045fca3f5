// Package rabbit is the bus between processes on RabbitMQ: a queue for each node, which lives as long as the node's connection.
//
//	session ──Send──▶ post.Sender ──publish to the queue passerby.bus.b──▶ RabbitMQ ──▶ node b ──▶ post.Receiver ──▶ Handler
//
// Nothing is stored on disk, acknowledged or published twice: the bus may lose messages, and envelopes and their numbers are
// those of internal/post. A queue holds 8 MiB at most; beyond that RabbitMQ drops the oldest.
//
// A Node is safe for concurrent use. Who joined closes it. When RabbitMQ is slow or gone, letters wait up to Config.Queue
// bytes; beyond that Send fails with bus.ErrFull. The letters of a batch that it did not take in time are lost and counted.
// A connection that breaks is made anew, and the queue with it. The URL never appears in errors or logs: it holds a password.
package rabbit
