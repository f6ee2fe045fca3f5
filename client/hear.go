package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

// hear is what to do about a word of the server.
func (l *loop) hear(message protocol.Message) {
	switch m := message.(type) {
	case *protocol.Welcome:
		l.welcome(m)
	case *protocol.Pong:
		if m.Request() == "sync" {
			l.carryOut(l.machine.synced())
		}
	case *protocol.Waiting:
		l.carryOut(l.machine.queued(wishOf(m.Request())))
		if l.machine.state == waiting {
			l.tell(Waiting{Since: time.UnixMilli(m.Since), Position: m.Position, Estimate: time.Duration(m.EstimateMS) * time.Millisecond})
		}
	case *protocol.Matched:
		l.matched(m)
	case *protocol.Ended:
		l.carryOut(l.machine.ended(m.Match, m.Reason))
	case *protocol.Answer:
		l.answer(m)
	case *protocol.PartnerText, *protocol.Ack, *protocol.Signal:
		l.fromPartner(m)
	case *protocol.Committed:
		l.committed(m)
	case *protocol.Partner:
		if l.talk != nil && l.talk.match == m.Match {
			l.talk.partner.Online = m.State == protocol.PartnerOnline
			l.tell(l.talk.partner)
			if l.talk.partner.Online {
				l.flush()
			}
		}
	case *protocol.Reported:
		l.tell(Reported{m.Match, m.Report})
		l.carryOut(l.machine.ended(m.Match, protocol.EndBlocked))
	case *protocol.Blocked:
		l.tell(Blocked{m.Match})
		l.carryOut(l.machine.ended(m.Match, protocol.EndBlocked))
	case *protocol.Error:
		l.trouble(m)
	}
}

func (l *loop) welcome(m *protocol.Welcome) {
	l.tries, l.notBefore = 0, time.Time{}
	l.secret, l.limits = m.Resume, m.Limits
	l.session = &protocol.SessionAnswer{Token: m.Token, ExpiresAt: m.ExpiresAt, ICEServers: m.ICEServers, Limits: m.Limits}
	l.tell(Connected{m.Resumed, m.Limits})
	l.carryOut(l.machine.welcome(m.Resumed, m.Media))
	l.answerDial(nil)
}

func (l *loop) matched(m *protocol.Matched) {
	for _, e := range l.machine.met(m.Match, wishOf(m.Request())) {
		if e.do != begin {
			l.carryOut([]effect{e})
			continue
		}
		if l.talk == nil || l.talk.match != m.Match {
			l.talk = newTalk(m)
			l.tell(Matched{
				Match: m.Match, Mode: m.Mode, Initiator: m.Initiator, Tags: m.Peer.Tags, Language: m.Peer.Language, At: time.UnixMilli(m.At),
			})
		}
		l.agree(m)
	}
}

// maxRekeys is how often a match may have new keys for this side's sake.
const maxRekeys = 3

// agree derives the keys, after a look whether they are those that the server has joined.
func (l *loop) agree(m *protocol.Matched) {
	t := l.talk
	if keys := t.flow.keys; keys != nil && keys.String() == m.KeyID {
		l.flush()
		l.sayKeyed()
		return
	}
	kind := e2ee.KindOf(m.Peer.Key)
	var keys *e2ee.Keys
	err := ErrKeys
	if l.own != nil {
		first, second := l.publicKeys(m)
		if fmt.Sprintf("%012x", e2ee.KeyID(m.Match, first, second)) == m.KeyID {
			if l.own.Kind() == e2ee.P256 && kind == e2ee.X25519 {
				return // the partner will make another
			}
			keys, err = l.own.Agree(m.Match, m.Peer.Key, m.Initiator)
		}
	}
	switch {
	case err == nil:
		l.keyed(keys, m)
	case t.rekeys >= maxRekeys, errors.Is(err, e2ee.ErrKey) && kind != e2ee.P256:
		l.distrust(err)
	default: // the server may not have had our newest key, or the partner has no X25519
		t.rekeys++
		if kind == "" {
			kind = e2ee.X25519
		}
		if l.own, err = e2ee.NewKeyPair(kind); err != nil {
			l.distrust(err)
			return
		}
		_ = l.write(&protocol.Rekey{Match: m.Match, Key: l.own.Public()})
	}
}

// publicKeys are that of the initiator and that of the responder.
func (l *loop) publicKeys(m *protocol.Matched) (first, second string) {
	if m.Initiator {
		return l.own.Public(), m.Peer.Key
	}
	return m.Peer.Key, l.own.Public()
}

func (l *loop) keyed(keys *e2ee.Keys, m *protocol.Matched) {
	held := l.talk.flow.rekey(keys, m.Sent, m.Acked)
	if l.media != nil && m.Mode == Video {
		l.stage.install(keys)
	}
	l.sayKeyed()
	l.compare()
	if l.talk == nil {
		return // the partner had committed to other keys
	}
	l.beginVerifying(m)
	l.tellMedia()
	for _, text := range held {
		l.fromPartner(text)
	}
	l.transmit(time.Now())
}

// sayKeyed: the server may let media flow. Where it records them, both sides are bound to their keys.
func (l *loop) sayKeyed() {
	if l.talk.mode != Video || l.talk.flow.keys == nil {
		return
	}
	k := &protocol.Keyed{Match: l.talk.match}
	if l.limits.ReportMediaMS > 0 {
		k.KeyID, k.Commit = l.talk.flow.keys.String(), l.talk.flow.keys.Send.Commit()
	}
	_ = l.write(k)
}

func (l *loop) committed(m *protocol.Committed) {
	if l.talk != nil && l.talk.match == m.Match {
		l.talk.committed = m
		l.compare()
	}
}

// compare: a partner who commits to other keys than those in use wants to frame somebody.
func (l *loop) compare() {
	t := l.talk
	if t.committed == nil || t.flow.keys == nil || t.committed.KeyID != t.flow.keys.String() {
		return
	}
	if t.committed.Commit != t.flow.keys.Receive.Commit() {
		l.distrust(ErrKeys)
	}
}

// distrust leaves a match whose keys cannot be relied on.
func (l *loop) distrust(err error) {
	l.tell(Refused{protocol.Errorf(protocol.WrongState, "left: %v", err)})
	l.carryOut(l.machine.rest())
}

func (l *loop) trouble(e *protocol.Error) {
	after := time.Duration(e.RetryAfterMS) * time.Millisecond
	switch {
	case e.Code == protocol.TokenInvalid || e.Code == protocol.TokenExpired:
		l.forget()
	case e.Fatal && final(e.Code):
		l.fail(e)
		return
	case e.Fatal:
		l.notBefore = time.Now().Add(after)
	case strings.HasPrefix(e.Request(), searchPrefix):
		l.carryOut(l.machine.refused(e.Code == protocol.BadRequest, max(after, searchRetry)))
		l.tell(Refused{e})
	case strings.HasPrefix(e.Request(), offerPrefix):
		l.mediaAt = time.Now().Add(max(after, time.Second))
	default:
		l.tell(Refused{e})
	}
	if e.Fatal {
		l.lost(e)
	}
}

// final: another try cannot help.
func final(code protocol.Code) bool {
	switch code {
	case protocol.Banned, protocol.Replaced, protocol.AdultRequired, protocol.AgeRequired, protocol.OriginForbidden, protocol.BadRequest,
		protocol.TooLarge, protocol.UnknownType, protocol.DeviceInvalid, protocol.ProofRequired:
		return true
	}
	return false
}

func renew(code protocol.Code) bool {
	return code == protocol.TokenInvalid || code == protocol.TokenExpired
}
