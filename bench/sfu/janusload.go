//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// joinJanus connects all users of a load to Janus: pairs by its videocall plugin, which has one connection per user as ours
// has; one to many by its videoroom.
func (l load) joinJanus(r *running) ([]*user, error) {
	j := r.janus
	at, err := ownAddress()
	if err != nil {
		return nil, err
	}
	var users []*user
	fresh := func(plugin string) (*user, uint64, error) {
		handle, err := j.handle(plugin)
		if err != nil {
			return nil, 0, err
		}
		u, err := newUser(len(users), at)
		if err == nil {
			users = append(users, u)
		}
		return u, handle, err
	}
	if l.one {
		return users, l.joinRoom(j, fresh)
	}
	for len(users) < l.users {
		a, caller, err := fresh("videocall")
		if err != nil {
			return users, err
		}
		b, callee, err := fresh("videocall")
		if err != nil {
			return users, err
		}
		name := strconv.Itoa
		for u, handle := range map[*user]uint64{a: caller, b: callee} {
			if _, err := j.tell(handle, map[string]any{"request": "register", "username": name(u.id)}, jsep{}); err != nil {
				return users, err
			}
		}
		if _, err := j.tell(caller, map[string]any{"request": "call", "username": name(b.id)}, jsep{"offer", a.sdp()}); err != nil {
			return users, err
		}
		call, err := j.event(callee, "incomingcall")
		if err != nil {
			return users, err
		}
		if _, err := j.tell(callee, map[string]any{"request": "accept"}, jsep{"answer", b.answerTo(call.JSEP.SDP, "sendrecv")}); err != nil {
			return users, err
		}
		accepted, err := j.event(caller, "accepted")
		if err != nil {
			return users, err
		}
		if err := a.connect(accepted.JSEP.SDP); err != nil {
			return users, fmt.Errorf("caller: %w", err)
		}
		if err := b.connect(call.JSEP.SDP); err != nil {
			return users, fmt.Errorf("callee: %w", err)
		}
	}
	return users, nil
}

func (l load) joinRoom(j *janus, fresh func(string) (*user, uint64, error)) error {
	const room = 1234
	publisher, handle, err := fresh("videoroom")
	if err != nil {
		return err
	}
	if _, err := j.tell(handle, map[string]any{"request": "create", "room": room, "publishers": 1, "audiocodec": "opus", "videocodec": "vp8"}, jsep{}); err != nil {
		return err
	}
	joined, err := j.tell(handle, map[string]any{"request": "joinandconfigure", "room": room, "ptype": "publisher", "id": 1}, jsep{"offer", publisher.sdp()})
	if err != nil {
		return err
	}
	if err := publisher.connect(joined.JSEP.SDP); err != nil {
		return fmt.Errorf("publisher: %w", err)
	}
	for range l.users - 1 {
		u, handle, err := fresh("videoroom")
		if err != nil {
			return err
		}
		var attached reply
		for try := 0; ; try++ { // Janus hears of the publisher's handshake a moment later
			attached, err = j.tell(handle, map[string]any{"request": "join", "room": room, "ptype": "subscriber", "streams": []any{map[string]any{"feed": 1}}}, jsep{})
			if err == nil {
				break
			}
			if try == 50 {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
		if _, err := j.tell(handle, map[string]any{"request": "start"}, jsep{"answer", u.answerTo(attached.JSEP.SDP, "recvonly")}); err != nil {
			return err
		}
		if err := u.connect(attached.JSEP.SDP); err != nil {
			return fmt.Errorf("subscriber: %w", err)
		}
	}
	return nil
}

// ownAddress is an address of this machine that Janus uses: it gathers none of the loopback interface. What is sent there from
// here passes loopback all the same.
func ownAddress() (net.IP, error) {
	addrs, err := net.InterfaceAddrs()
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP, nil
		}
	}
	return nil, errors.Join(err, errors.New("no address but loopback, which Janus does not serve on"))
}

var sectionLine = regexp.MustCompile(`(?s)m=(audio|video) .*?a=mid:(\S+)`)

// answerTo describes the user in the sections of an offer.
func (u *user) answerTo(offer, direction string) string {
	u.led = true
	var mids []string
	body := ""
	for _, m := range sectionLine.FindAllStringSubmatch(offer, -1) {
		kind := 0
		if m[1] == "video" {
			kind = 1
		}
		mids = append(mids, m[2])
		body += u.section(kind, m[2], direction)
	}
	return u.head(strings.Join(mids, " ")) + body
}
