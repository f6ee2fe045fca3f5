package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"passerby/internal/api"
	"passerby/internal/auth"
	"passerby/internal/bans"
	"passerby/internal/caller"
	"passerby/internal/httpapi"
	"passerby/internal/identity"
	"passerby/internal/records"
	"passerby/internal/store"
	"passerby/match"
	"passerby/signaling"
	"passerby/signaling/protocol"
)

const (
	recordsHeld  = 50_000 // of each kind, while the database is away
	appealBytes  = 2000
	lookTimeout  = time.Second // of a question to the database that somebody waits for
	minorsPool   = "minors"
	blocksLoaded = 100_000 // users whose blocks this node has given to the queue
)

// people knows who comes: names, bans, ages, blocks.
type people struct {
	s      *Server
	names  identity.Names
	book   *bans.Book
	rec    *records.Recorder
	tokens *auth.Tokens
	once   allower // device signatures, each of which counts once
	appeal allower // appeals of a network
	enter  allower // tokens of apps, each of which counts once
	own    allower // exports and deletions of a network
	loaded *recently
}

func (s *Server) newPeople(tokens *auth.Tokens) *people {
	p := &people{s: s, names: identity.New(s.own.Identity), tokens: tokens, loaded: &recently{most: blocksLoaded}}
	quiet := func(what string) func(error) {
		return func(err error) { s.log.Debug(what, "err", err) } // tendDatabase says it once
	}
	p.book = bans.New(s.store, func() { s.hub.Judge() }, quiet("bans"))
	p.rec = records.New(s.store, recordsHeld, quiet("records"), s.registry)
	p.once = s.newLimit("device signatures", 1/(2.5*identity.Skew.Seconds()), 1)
	p.appeal = s.newLimit("appeals", 1.0/60, 5)
	p.enter = s.newLimit("app tokens", 1/(2*api.LongestTTL.Seconds()), 1)
	p.own = s.newLimit("own data", 1.0/60, 10)
	return p
}

// session makes a session for who asks for one, or answers a *httpapi.Refusal.
func (p *people) session(r *http.Request, network netip.Prefix, req protocol.SessionRequest) (string, time.Time, error) {
	if wait, ok := p.s.room.Room(); !ok {
		return "", time.Time{}, &httpapi.Refusal{Err: protocol.Errorf(protocol.ServerFull, "the server is full right now: try again later").After(wait)}
	}
	now := time.Now()
	user, device, err := p.who(r, req, now)
	if err != nil {
		return "", time.Time{}, err
	}
	var said auth.Said
	var pool string
	if req.AppToken == "" {
		pool, err = p.age(req, device)
	} else {
		if ban, banned := p.check(user, network, now); banned { // a ban of the device holds whoever the app says he is
			return "", time.Time{}, p.banned(r.Context(), ban, user)
		}
		user, pool, said, err = p.entry(r.Context(), network, req.AppToken)
	}
	if err != nil {
		return "", time.Time{}, err
	}
	if ban, banned := p.check(user, network, now); banned {
		if device == "" && req.AppToken == "" {
			user = "" // nobody comes back under this name
		}
		return "", time.Time{}, p.banned(r.Context(), ban, user)
	}
	narrow, wide := p.names.Sighting(network)
	p.rec.User(store.User{ID: user, First: now, Last: now, Narrow: narrow, Wide: wide, Seen: now, Pool: pool})
	if device != "" || req.AppToken != "" {
		p.loadBlocks(r.Context(), user)
	}
	return p.tokens.Issue(auth.Claims{User: user, Session: rand.Text(), Pool: pool, Said: said})
}

// who answers the user's id, and the digest of the device's key; without a device somebody new, and none.
func (p *people) who(r *http.Request, req protocol.SessionRequest, now time.Time) (user, device string, err error) {
	if req.Device == nil {
		return rand.Text(), "", nil
	}
	public, err := p.signed(r, identity.ForSession, *req.Device, now)
	if err != nil {
		return "", "", err
	}
	digest := sha256.Sum256(public)
	return p.names.User(public), base64.RawURLEncoding.EncodeToString(digest[:]), nil
}

// signed answers the public key of the device that has signed a request, for this purpose and for the first time.
func (p *people) signed(r *http.Request, purpose string, d protocol.Device, now time.Time) ([]byte, error) {
	public, err := identity.VerifyFor(purpose, d, r.Host, now)
	if errors.Is(err, identity.ErrTime) {
		return nil, refusal(protocol.DeviceInvalid, "the clock of your device differs from the server's: set it, and try again")
	} else if err != nil {
		return nil, refusal(protocol.DeviceInvalid, "the device's signature does not hold: reload the page")
	}
	if ok, _ := p.once(r.Context(), d.Nonce); !ok {
		return nil, refusal(protocol.DeviceInvalid, "the device's signature was used before: try again")
	}
	return public, nil
}

// age answers the pool that somebody belongs to: by a service's word where there is one, else by his own.
func (p *people) age(req protocol.SessionRequest, device string) (pool string, err error) {
	age := auth.Minor
	if req.Adult && !req.Minor {
		age = auth.Adult
	}
	if secret := p.s.cfg.AgeSecret; secret != "" {
		if age, err = auth.VerifyAge(req.AgeToken, []byte(secret), device, time.Now); err != nil {
			return "", &httpapi.Refusal{Err: protocol.Errorf(protocol.AgeRequired, "this site wants proof of your age first: the address is in age_url"), AgeURL: p.s.cfg.AgeURL}
		}
	}
	switch {
	case age == auth.Adult:
		return "", nil
	case p.s.cfg.Minors:
		return minorsPool, nil
	}
	return "", refusal(protocol.AdultRequired, "this service is for adults: confirm your age to go on")
}

func refusal(code protocol.Code, text string) error {
	return &httpapi.Refusal{Err: protocol.Errorf(code, "%s", text)}
}

// check answers the ban that holds somebody. The machine's own network, from which an operator comes, cannot be banned.
func (p *people) check(user string, network netip.Prefix, now time.Time) (bans.Held, bool) {
	var networks []string
	if network != caller.Operator && p.book.Networks() {
		networks = p.names.Covering(network)
	}
	return p.book.Check(user, networks, now)
}

// holds is check for the hub, which asks often.
func (p *people) holds(user string, network netip.Prefix) bool {
	_, banned := p.check(user, network, time.Now())
	return banned
}

// banned tells somebody why he may not come in, and where his appeal stands.
func (p *people) banned(ctx context.Context, held bans.Held, user string) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	told := &protocol.Ban{Reason: held.Reason}
	if ban, err := p.s.store.Ban(ctx, held.ID); err == nil { // else the database is away: the ban holds all the same
		told.Message = ban.Message
	}
	if !held.Until.IsZero() {
		told.Until = held.Until.UnixMilli()
	}
	var err error
	if told.Token, err = p.tokens.IssueBan(auth.Banned{User: user, Ban: held.ID}); err != nil {
		return err
	}
	if user != "" { // else the appeals are of many
		if mine, err := p.s.store.Appeals(ctx, store.AppealFilter{Ban: held.ID, User: user}, store.Page{Limit: 1}); err == nil && len(mine) > 0 {
			told.Appeal, told.Answer = string(mine[0].Status), mine[0].Answer
		}
	}
	return &httpapi.Refusal{Err: protocol.Errorf(protocol.Banned, "you are banned: the page of the ban tells why and until when"), Ban: told}
}

// takeAppeal keeps what somebody says against his ban.
func (p *people) takeAppeal(ctx context.Context, network netip.Prefix, req protocol.AppealRequest) error {
	if network != caller.Operator {
		if ok, wait := p.appeal(ctx, network.String()); !ok {
			return &httpapi.Refusal{Err: protocol.Errorf(protocol.RateLimited, "too many appeals from this network: wait a moment").After(wait)}
		}
	}
	who, err := p.tokens.VerifyBan(req.Token)
	if err != nil {
		return refusal(protocol.TokenInvalid, "the token is not one of a ban, or too old: ask for a session again")
	}
	text := strings.TrimSpace(req.Text)
	if text == "" || len(text) > appealBytes || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return refusal(protocol.BadRequest, "text: write up to 2000 bytes")
	}
	_, err = p.s.store.SaveAppeal(ctx, store.Appeal{Ban: who.Ban, User: who.User, At: time.Now(), Text: text})
	switch {
	case errors.Is(err, store.ErrExists):
		return refusal(protocol.WrongState, "your appeal is with the moderators already")
	case errors.Is(err, store.ErrFull):
		return refusal(protocol.WrongState, "your appeals were answered: there can be no more against this ban")
	case errors.Is(err, store.ErrNotFound):
		return refusal(protocol.WrongState, "the ban is over: start again")
	}
	return err
}

// loadBlocks gives the queue the blocks that somebody is in, once on each node.
func (p *people) loadBlocks(ctx context.Context, user string) {
	if !p.loaded.add(user) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	blocks, err := p.s.store.BlocksOf(ctx, user)
	for _, b := range blocks {
		if err == nil {
			err = p.s.queue.Block(ctx, b.User, b.Other)
		}
	}
	if err != nil {
		p.loaded.remove(user)
		p.s.log.Debug("load blocks", "err", err)
	}
}

// talked notes that a chat began or ended.
func (p *people) talked(t signaling.Talk) {
	p.rec.Chat(store.Chat{ID: t.Match, Mode: string(t.Mode), Started: t.Started, Ended: t.Ended, Reason: string(t.Reason), Users: t.Users, Sessions: t.Sessions, Tags: t.Tags})
}

// blocking is a queue whose blocks are also written down.
type blocking struct {
	match.Queue
	rec *records.Recorder
}

func (q blocking) Block(ctx context.Context, user, other string) error {
	q.rec.Block(store.Block{User: user, Other: other, At: time.Now()})
	return q.Queue.Block(ctx, user, other)
}
