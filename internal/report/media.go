package report

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"passerby/internal/evidence"
	"passerby/internal/store"
	"passerby/signaling/protocol"
)

// TypeRecording is the media type of a recording that is still encrypted; package tape is its format.
const TypeRecording = "application/vnd.passerby.tape"

// recording is what opens a recording, and what binds its sender to that; store.Evidence.Detail.
type recording struct {
	KeyID  string `json:"key_id"`
	Commit string `json:"commit"`
	Audio  string `json:"audio"`
	Video  string `json:"video"`
	MS     int64  `json:"ms"`
	Frames int    `json:"frames"` // of picture and sound
	Failed int    `json:"failed"` // that did not open
}

// media adds what the one who is reported sent in the last seconds, if the keys are those that he committed to.
func (d Desk) media(to []store.Evidence, in Filing, k protocol.MediaKeys) ([]store.Evidence, error) {
	keys, err := decode(k.Audio, k.Video)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	// Who was met sends as the other side of the reporter.
	side := evidence.Responder
	if !in.About.Initiator {
		side = evidence.Initiator
	}
	commit, err := base64.RawURLEncoding.DecodeString(in.About.Commit)
	if err != nil || k.KeyID != in.About.KeyID || !evidence.Same(keys.Commit(in.About.Match, side, k.KeyID), commit) {
		return nil, fmt.Errorf("%w: %w", ErrEvidence, evidence.ErrMediaKey)
	}
	id, err := strconv.ParseUint(k.KeyID, 16, 48)
	if err != nil || d.Recording == nil {
		return to, nil
	}
	tape := d.Recording(in.Session, id)
	if tape == nil { // it is a minute old, or another node's: the report counts without it
		return to, nil
	}
	media, err := evidence.Open(tape, keys)
	if err != nil { // he sent nothing that anybody could see
		return to, nil
	}
	detail, err := json.Marshal(recording{
		KeyID: k.KeyID, Commit: in.About.Commit, Audio: k.Audio, Video: k.Video,
		MS: media.Span(), Frames: len(media.Video) + len(media.Audio), Failed: media.Failed,
	})
	if err != nil {
		return nil, fmt.Errorf("encode a recording: %w", err)
	}
	return append(to, store.Evidence{
		Kind: "media", From: "reported", At: time.Now(), Proof: store.Proven, Type: TypeRecording, Body: tape, Detail: detail,
	}), nil
}

func decode(audio, video string) (k evidence.MediaKeys, err error) {
	if k.Audio, err = base64.RawURLEncoding.DecodeString(audio); err == nil {
		k.Video, err = base64.RawURLEncoding.DecodeString(video)
	}
	if err != nil || len(k.Audio) != evidence.KeySize || len(k.Video) != evidence.KeySize {
		return k, fmt.Errorf("the media keys are not base64url of %d bytes", evidence.KeySize)
	}
	return k, nil
}

// WebM opens the recording of a report for a moderator: a file that browsers play.
func WebM(e store.Evidence) ([]byte, error) {
	if e.Type != TypeRecording {
		return nil, fmt.Errorf("report: evidence of type %q is no recording", e.Type)
	}
	var r recording
	if err := json.Unmarshal(e.Detail, &r); err != nil {
		return nil, fmt.Errorf("report: the keys of a recording: %w", err)
	}
	keys, err := decode(r.Audio, r.Video)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	media, err := evidence.Open(e.Body, keys)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return media.WebM()
}
