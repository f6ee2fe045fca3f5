package machine

import "passerby/signaling/protocol"

// Effect is something that the shell around the machine must do.
type Effect interface{ effect() }

type (
	// Send writes to the client's connection.
	Send struct{ Message protocol.Message }
	// Deliver writes to the client's data channel when it is open, else to its
	// connection; with neither it is dropped.
	Deliver struct{ Message protocol.Message }
	// Arrive joins the queue, ending the pair that the session is in; Arrived comes back.
	Arrive struct {
		ID     string // of the request
		Ticket Ticket
	}
	// Leave leaves the queue or ends the pair.
	Leave struct{ Reason protocol.EndReason }
	// Confirm tells the queue that this side has learnt of the pair; Confirmed comes back.
	Confirm struct {
		ID   string // of the request that is still to be answered
		Pair Pair
	}
	// Renew extends the lease; Renewed comes back with the same ID, Answer and Not.
	Renew struct {
		ID     string // of the request that is still to be answered
		Answer bool   // the client waits to hear where it stands
		Not    string // a pair that the queue has just said is over
	}
	// Block keeps two users apart from now on; Done comes back with Answer.
	Block struct {
		Other  string // user
		Answer protocol.Message
	}
	// Record checks a report and writes it down; Recorded comes back.
	Record struct {
		About  Met
		Report *protocol.Report
	}
	// Understood notes that the person has read a notice.
	Understood struct{ Notice string }
	// Route feeds the session's downlinks from another session, gated on a key id; From "" stops.
	// Node is where that one lives, "" being this node.
	Route struct {
		Node, From string
		KeyID      uint64
	}
	// Keyed asks this session's encoder for a key frame.
	Keyed struct{}
	// Shown stops asking for key frames for this session's downlink. First and Next are what the client measured.
	Shown struct{ First, Next int64 }
	// Offer negotiates; Answered comes back.
	Offer struct{ ID, SDP string }
	// Candidate adds an ICE candidate.
	Candidate struct{ ID, Candidate string }
	// Remove takes the session's media down.
	Remove struct{}
	// Tell sends to the partner's session, wherever it lives.
	Tell struct {
		Node, Session string
		Message       PeerMessage
	}
	// Locate asks on which node a session is; Located comes back.
	Locate struct{ Session string }
	// Forward stamps a text with time and franking tag and sends it to the partner's session.
	Forward struct {
		Node, Session string
		Text          *protocol.Text
	}
	// End ends the session: its state is no longer needed.
	End struct{}
)

func (Send) effect()       {}
func (Deliver) effect()    {}
func (Arrive) effect()     {}
func (Leave) effect()      {}
func (Confirm) effect()    {}
func (Renew) effect()      {}
func (Block) effect()      {}
func (Record) effect()     {}
func (Understood) effect() {}
func (Route) effect()      {}
func (Keyed) effect()      {}
func (Shown) effect()      {}
func (Offer) effect()      {}
func (Candidate) effect()  {}
func (Remove) effect()     {}
func (Tell) effect()       {}
func (Locate) effect()     {}
func (Forward) effect()    {}
func (End) effect()        {}
