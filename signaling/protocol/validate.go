package protocol

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Sizes of the parts of a text's body.
const (
	bodyClear      = 0
	bodyVersion    = 1
	CommitmentSize = 32
	bodyMin        = 1 + CommitmentSize + 12 + 16
	clearMin       = 1 + CommitmentSize + 2
)

// problem is an error that starts with the name of the field.
func problem(field, format string, args ...any) error {
	return fmt.Errorf(field+": "+format, args...)
}

// sized checks that a string has at least one byte and at most limit.
func sized(field, value string, limit int) error {
	switch {
	case value == "":
		return problem(field, "missing")
	case len(value) > limit:
		return problem(field, "more than %d bytes", limit)
	}
	return nil
}

// name checks an identifier: printable ASCII, so that it can be a line of its own
// in what is hashed and logged.
func name(field, value string, limit int) error {
	if err := sized(field, value, limit); err != nil {
		return err
	}
	for i := range len(value) {
		if value[i] <= ' ' || value[i] > '~' {
			return problem(field, "not printable ASCII")
		}
	}
	return nil
}

func number(field string, n uint64) error {
	if n < 1 || n > maxNumber {
		return problem(field, "not between 1 and 2^53-1")
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Hello) validate() error {
	if len(m.Resume) > ResumeBytes {
		return problem("resume", "more than %d bytes", ResumeBytes)
	}
	return sized("token", m.Token, TokenBytes)
}

func (m *Offer) validate() error { return sized("sdp", m.SDP, FrameBytes) }

func (m *Candidate) validate() error {
	if len(m.Candidate) > CandidateBytes {
		return problem("candidate", "more than %d bytes", CandidateBytes)
	}
	return nil
}

func (m *Find) validate() error {
	if !known(m.Mode) {
		return problem("mode", "not one of %q", m.Mode.Enum())
	}
	if len(m.Tags) > rawTags {
		return problem("tags", "more than %d", Tags)
	}
	for _, tag := range m.Tags {
		if err := sized("tags", tag, rawTagBytes); err != nil {
			return err
		}
	}
	if err := language(m.Language); err != nil {
		return err
	}
	if m.Gender != "" && !known(m.Gender) {
		return problem("gender", "not one of %q", m.Gender.Enum())
	}
	if len(m.Seeking) > len(Gender("").Enum()) {
		return problem("seeking", "too many")
	}
	for _, g := range m.Seeking {
		if !known(g) {
			return problem("seeking", "not one of %q", g.Enum())
		}
	}
	return first(after(m.After), name("key", m.Key, KeyBytes))
}

// after checks the name of a match, or of none.
func after(match *string) error {
	if match == nil || *match == "" {
		return nil
	}
	return name("after", *match, MatchBytes)
}

// language accepts a primary language subtag of RFC 5646 §2.2.1.
func language(tag string) error {
	if tag == "" {
		return nil
	}
	if len(tag) < 2 || len(tag) > 8 {
		return problem("language", "not 2 to 8 letters")
	}
	for i := range len(tag) {
		if c := tag[i] | 0x20; c < 'a' || c > 'z' {
			return problem("language", "not 2 to 8 letters")
		}
	}
	return nil
}

func (m *Next) validate() error {
	if err := after(m.After); err != nil || m.Key == "" {
		return err
	}
	return name("key", m.Key, KeyBytes)
}

func (m *Text) validate() error {
	if err := first(name("match", m.Match, MatchBytes), number("n", m.N), name("body", m.Body, TextBytes)); err != nil {
		return err
	}
	_, err := m.decode()
	return err
}

func (m *Text) decode() ([]byte, error) {
	body, err := base64.RawURLEncoding.Strict().DecodeString(m.Body)
	switch {
	case err != nil:
		return nil, problem("body", "not base64url without padding")
	case len(body) < clearMin:
		return nil, problem("body", "fewer than %d bytes", clearMin)
	case body[0] != bodyVersion && body[0] != bodyClear:
		return nil, problem("body", "version is neither %d nor %d", bodyVersion, bodyClear)
	case body[0] == bodyVersion && len(body) < bodyMin:
		return nil, problem("body", "fewer than %d bytes", bodyMin)
	}
	return body, nil
}

// Commitment answers the franking commitment inside the body of a text that Parse
// has accepted; nil for any other.
func (m *Text) Commitment() []byte {
	body, err := m.decode()
	if err != nil {
		return nil
	}
	return body[1 : 1+CommitmentSize]
}

func (m *Understood) validate() error { return name("notice", m.Notice, NoticeBytes) }

func (m *Ack) validate() error {
	return first(name("match", m.Match, MatchBytes), number("n", m.N))
}

func (m *Keyed) validate() error {
	err := name("match", m.Match, MatchBytes)
	if err != nil || m.KeyID == "" && m.Commit == "" {
		return err
	}
	return first(keyID("key_id", m.KeyID), hash("commit", m.Commit))
}

// keyID checks the 12 hex digits of a key id.
func keyID(field, value string) error {
	if len(value) != 12 || strings.Trim(value, "0123456789abcdef") != "" {
		return problem(field, "not 12 hex digits")
	}
	return nil
}

func (m *Shown) validate() error {
	return first(name("match", m.Match, MatchBytes), lasted("ms", m.MS), lasted("next_ms", m.NextMS))
}

// lasted checks a time that a client measured.
func lasted(field string, ms int64) error {
	if ms < 0 || ms > ShownMS {
		return problem(field, "not between 0 and %d", ShownMS)
	}
	return nil
}
func (m *Block) validate() error { return name("match", m.Match, MatchBytes) }

func (m *Rekey) validate() error {
	return first(name("match", m.Match, MatchBytes), name("key", m.Key, KeyBytes))
}

func (m *Signal) validate() error {
	return first(name("match", m.Match, MatchBytes), sized("data", m.Data, SignalBytes))
}

func (m *Report) validate() error {
	if err := name("match", m.Match, MatchBytes); err != nil {
		return err
	}
	if !known(m.Reason) {
		return problem("reason", "not one of %q", m.Reason.Enum())
	}
	if len(m.Note) > NoteBytes {
		return problem("note", "more than %d bytes", NoteBytes)
	}
	if len(m.Evidence) > EvidenceItems {
		return problem("evidence", "more than %d", EvidenceItems)
	}
	var last uint64
	for i := range m.Evidence {
		e := &m.Evidence[i]
		if err := e.validate(); err != nil {
			return err
		}
		if e.N <= last {
			return problem("evidence.n", "not in order, each once")
		}
		last = e.N
	}
	if len(m.Picture) > PictureBytes {
		return problem("picture", "more than %d bytes", PictureBytes)
	}
	if k := m.Media; k != nil {
		return first(keyID("media.key_id", k.KeyID), hash("media.audio", k.Audio), hash("media.video", k.Video))
	}
	return nil
}

func (e *Evidence) validate() error {
	if len(e.Text) > TextBytes {
		return problem("evidence.text", "more than %d bytes", TextBytes)
	}
	return first(number("evidence.n", e.N), hash("evidence.kf", e.KF), hash("evidence.commitment", e.Commitment),
		name("evidence.tag", e.Tag, hashLength), number("evidence.at", uint64(max(0, e.At))))
}

// hashLength is that of 32 bytes in base64url.
const hashLength = 43

// hash checks base64url of 32 bytes.
func hash(field, value string) error {
	if b, err := base64.RawURLEncoding.Strict().DecodeString(value); err != nil || len(b) != CommitmentSize {
		return problem(field, "not base64url of %d bytes", CommitmentSize)
	}
	return nil
}

func (*Leave) validate() error { return nil }
func (*Ping) validate() error  { return nil }
