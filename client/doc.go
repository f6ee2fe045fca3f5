// Package client is Passerby's client in Go, for bots, tests and load: it speaks the protocol (docs/protocol.md), keeps its
// promises about text (nothing lost, nothing doubled), comes back by itself when a connection is lost, encrypts as a browser
// does, compares its keys as one does (four emoji), and brings picture and sound over WebRTC when asked to.
//
//	Dial ─→ Client ── Find, Next, Leave, Send, Typing, Report, Block ─→ server
//	           └───── Events ←─ Connected, Waiting, Matched, Verification, Message, Delivered, Ended, …
//
// A text chat:
//
//	c, err := client.Dial(ctx, client.Config{URL: "https://chat.example.org", Adult: true})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	_ = c.Find(client.Wish{Mode: client.Text, Tags: []string{"go"}})
//	for event := range c.Events() {
//		switch e := event.(type) {
//		case client.Matched:
//			_, _ = c.Send("Hello!")
//		case client.Message:
//			fmt.Println(e.Text)
//		case client.Ended:
//			_ = c.Next()
//		}
//	}
//
// A Client is safe for concurrent use. One goroutine owns all of its state (loop.go); what to do when is decided by a
// state machine without clock or network (machine.go), the numbers of texts are kept by another (text.go). Events wait in
// order until they are read; who reads none of 1,024 is disconnected with ErrEventsNotRead. Close ends everything and
// closes the channel of events.
package client
