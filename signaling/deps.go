package signaling

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/signaling/habit"
	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// What the queue and the hub hand each other; the machine defines it.
type (
	Wish     = machine.Wish
	Ticket   = machine.Ticket
	Side     = machine.Side
	Pair     = machine.Pair
	Standing = machine.Standing
	Place    = machine.Place
	Ending   = machine.Ending
	Met      = machine.Met
)

// The places of a Standing.
const (
	Absent = machine.Absent
	InLine = machine.InLine
	Paired = machine.Paired
)

// Queue brings sessions together. Its hints come back through Hub.PairMade and
// Hub.PairEnded, which never block and may be called from inside a call to it.
type Queue interface {
	// Arrive joins the queue. A session that is in a pair leaves it with "next", atomically;
	// one that waits gets the new wish. An error for a bad wish wraps ErrWish, names the
	// field and is shown to the client.
	Arrive(ctx context.Context, t Ticket) (Standing, error)
	// Leave leaves the queue, or ends the pair with this reason. Absent is fine.
	Leave(ctx context.Context, session string, reason protocol.EndReason) error
	// Confirm says that the session has learnt of the pair; ErrGone when that is over.
	Confirm(ctx context.Context, session, pair string) error
	// Renew extends the lease and answers the truth.
	Renew(ctx context.Context, session string) (Standing, error)
	// Block keeps two users apart from now on.
	Block(ctx context.Context, user, other string) error
}

// Media is the SFU. Its events come back through Hub.MediaEvent and Hub.Data.
type Media interface {
	// Offer answers an SDP offer. The first one makes the session's peer; a later one
	// renegotiates, or replaces the peer when its ICE or DTLS is new. An error for a bad
	// offer wraps ErrSDP.
	Offer(ctx context.Context, session, sdp string) (answer string, err error)
	// Candidate adds an ICE candidate line.
	Candidate(session, candidate string) error
	// Route feeds the session's downlinks from another session's uplinks, gated on the key
	// id; from "" stops. node is where the other lives, "" being this node. Neither need have a peer yet.
	Route(session, node, from string, keyID uint64)
	// Keyed asks this session's encoder for a key frame.
	Keyed(session string)
	// Shown stops asking for key frames for this session's downlink, and answers how its picture came.
	Shown(session string) Passage
	// Send writes a text message to the session's data channel; an error when it is not open.
	// It must not block.
	Send(session string, data []byte) error
	// Remove takes the session's peer down; no peer is fine.
	Remove(session string)
}

// Bus carries messages between the sessions of a match, on whichever node they live.
// What it carries for this node comes in through Hub.Receive. It may lose messages.
type Bus interface {
	Send(ctx context.Context, node, session string, data []byte) error
}

// Saved is a session as a Store keeps it.
type Saved struct {
	User    string
	Epoch   uint64    // of the taking that made this node its owner
	Digests [2]string // of the resume secrets that are live
	State   []byte
}

// Taken is a session that another node had.
type Taken struct {
	Saved
	Live bool   // the secret that was shown is live
	From string // the node
}

// Store keeps sessions where every node finds them. A session has one owner, the node that took it last; nobody
// else can save it any more.
type Store interface {
	// Take makes this node the owner and keeps what was saved for ttl at least. ErrNoSession when nobody has it or,
	// with only set, when the secret of this digest is not live; ErrForeign when it is another user's.
	Take(ctx context.Context, session, user, digest string, only bool, ttl time.Duration) (Taken, error)
	// Save writes a session down for a time; ErrElsewhere when another node has taken it.
	Save(ctx context.Context, session string, s Saved, ttl time.Duration) error
	// Drop forgets a session if this node owns it.
	Drop(ctx context.Context, session string, epoch uint64) error
	// Where answers the node that owns a session, ErrNoSession when nobody does.
	Where(ctx context.Context, session string) (node string, err error)
}

// Report is what one user says of another.
type Report struct {
	Reporter string // user
	Session  string // his
	About    Met
	Message  *protocol.Report
}

// Reports takes what users report.
type Reports interface {
	// Report checks all that the report offers as proof and writes it down, or does neither: an error for a proof that
	// does not hold wraps ErrEvidence. The number is the report's.
	Report(ctx context.Context, r Report) (number string, err error)
}

// Notices are the moderators' words for people who stay.
type Notices interface {
	// Of lists what a user has not understood yet, the oldest first.
	Of(ctx context.Context, user string) ([]protocol.Notice, error)
	// Understood notes that a user has read one; somebody else's, or one that is gone, is nothing.
	Understood(ctx context.Context, user, notice string) error
}

// Said is a text that the server reads, where people have been told that it does.
type Said struct {
	Match, User, Session string // of the sender
	N                    uint64
	Text                 string
}

// Verdict is what a filter makes of a text.
type Verdict int

// The verdicts.
const (
	Passes    Verdict = iota
	Refused           // it is not delivered
	Unchecked         // the filter could not tell, and nothing passes unchecked
)

// Act is something that users may not do too often.
type Act string

// The acts.
const (
	ActFind   Act = "find" // and next
	ActReport Act = "report"
	// ActSlowFind is ActFind of a user who behaves like a program.
	ActSlowFind Act = "slow-find"
	// ActNetworkFind and ActNetworkReport are what all users of one network do together.
	ActNetworkFind   Act = "network-find"
	ActNetworkReport Act = "network-report"
)

// Claims is what a token says.
type Claims struct {
	User, Session string
	Pool          string // people of different pools never meet
	Said          machine.Said
	Expires       time.Time
}

// Tokens makes and checks session tokens.
type Tokens interface {
	// Verify checks the signature and the time. For a token whose signature is good and whose
	// time is over it answers the claims together with an error that wraps ErrTokenExpired.
	Verify(token string) (Claims, error)
	// Issue makes a token for a session.
	Issue(c Claims) (token string, expires time.Time, err error) // for an hour or so, whatever c.Expires
}

// Deps is what the hub works with.
type Deps struct {
	Queue  Queue
	Media  Media
	Bus    Bus
	Tokens Tokens
	// Allow says whether a user, or a network, may do something once more, and else when; nil: always. When it cannot know it should
	// say yes.
	Allow func(ctx context.Context, act Act, user string) (ok bool, wait time.Duration)
	// Banned says whether a user, or the network that he comes from, is banned; nil: nobody is. It is asked often, and must not block.
	Banned func(user string, network netip.Prefix) bool
	// Room says whether there is room for somebody new, and else when to try again; nil: always. Who resumes a session is not asked.
	Room func() (wait time.Duration, ok bool)
	// Talked is told when a match begins and when it ends, from both sides, and maybe twice. It must not block. nil: nobody is told.
	Talked func(Talk)
	// Wished is told which tags a user of a pool and a network names, as he wrote them. It must not block. nil: nobody is told.
	Wished func(user, pool string, network netip.Prefix, tags []string)
	// Journey is told once for each side of a match with picture, when its first picture is seen. It must not block. nil:
	// nobody is told.
	Journey func(Journey)
	// TraceID names the trace of a match, "" when there is none; metrics point at it. nil: there never is.
	TraceID func(match string) string
	// Network answers the network that a request comes from, whose connections are counted together; the zero Prefix, or
	// nil in place of the function: they are not.
	Network func(*http.Request) netip.Prefix
	// Habit hears what a user's last matches say of him, of whom a network is known, or the zero Prefix: when that changes, and again while
	// it stays. nil: nobody does.
	Habit func(ctx context.Context, user string, network netip.Prefix, v habit.Verdict)
	// Suspected says whether a user was found to behave like a program in another session, not long ago; nil: nobody was.
	Suspected func(ctx context.Context, user string) bool
	// Store lets any node go on with a session of another; nil: a session lives and dies with its node.
	Store Store
	// ICEServers answers the ICE servers for a session; nil means none.
	ICEServers func(session string) []protocol.ICEServer
	// Frank computes the franking tag of a text: match, sender's session, n, time in Unix
	// milliseconds, the sender's commitment. nil means an empty tag.
	Frank func(match, sender string, n uint64, at int64, commitment []byte) []byte
	// Reports takes reports; nil: they are counted, and nobody reads them.
	Reports Reports
	// Notices are shown to people when they come, and when Hub.Notify says so; nil: there are none.
	Notices Notices
	// Filter reads each text under Config.ClearText; nil: all pass. It may take as long as its ctx.
	Filter func(ctx context.Context, t Said) Verdict
	// Logger gets what operators should know; nil discards.
	Logger *slog.Logger
	// Registerer gets the metrics; nil means that nobody collects them.
	Registerer prometheus.Registerer
}
