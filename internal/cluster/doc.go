// Package cluster keeps in Redis what the nodes must know together besides the queue and the bus: where each
// session lives and what it was doing (Sessions), and which nodes are alive and how many people each holds (Members).
//
//	node a ── Save(session, state) ──▶ {session}: user, node, epoch, secrets, state      expires
//	node b ── Take(session, secret) ─▶ the same, now with node b and the next epoch; node a can save no more
//	node a ── beat, each second ─────▶ who is alive, and their counts
//
// A session has one owner: the node that took it last. Save of any other fails with ErrElsewhere, however late it
// comes. Secrets are known here by their digests alone. Nobody's clock but Redis's counts.
//
// Everything expires: nothing is left behind by a node that dies. When Redis loses it all, the nodes write it anew
// with their next save and beat. All types are safe for concurrent use; the client belongs to who made it, and
// Members.Run ends with its context.
package cluster
