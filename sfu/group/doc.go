// Package group is a call of many: who takes part, whom each of them is shown, and what they tell one another.
//
//	sfu.Events.Data ──▶ Group ──▶ RouteSlot    whom each is shown
//	sfu.Server.Voice ─▶       ├─▶ Send         who takes part, who is in which slot, what another tells
//	sfu.Server.Taken ─▶       └─▶ View         in which size each is shown
//
// A browser brings its offer to the server by whatever way the program has; all else goes over its data channel, as JSON:
//
//	to the server    {"type": "hello", "key": "p256:…"}                 takes part, under this public key
//	                 {"type": "tell", "to": ID, "data": "…"}            for one other; opaque to the server
//	                 {"type": "views", "sizes": [[W, H], null, …]}      pixels on the screen by slot; 0 is not on it, null says nothing
//	to the browser   {"type": "group", "group": NAME, "you": ID, "members": [{"id", "key"}, …]}   at every change, the whole
//	                 {"type": "shown", "slots": [ID or "", …], "speaker": ID}                     at every change, the whole
//	                 {"type": "told", "from": ID, "data": "…"}
//	                 {"type": "taken", "layers": [RID, …]}             which encodings of his picture somebody gets: no other need be sent
//
// The server holds state, not a log: whoever comes back says hello and knows all. Frames are encrypted between the browsers,
// each sender under a key of his own that he gives to the others by "tell" (docs/security.md).
//
// When there are more members than slots, those who spoke last are shown: the slots of a browser hold the most recent
// speakers but itself, and whoever is shown stays in his slot until somebody else needs it.
//
// Safe for concurrent use? Yes. Who closes? Who made the Group; that routes everybody to nobody. What happens when full? Join
// answers ErrFull. A message to a browser that does not read is lost, and made good by the next change or hello.
package group
