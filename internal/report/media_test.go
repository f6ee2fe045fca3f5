package report_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"testing"

	"passerby/internal/evidence"
	"passerby/internal/report"
	"passerby/internal/store"
	"passerby/signaling/protocol"
)

var (
	bobs  = evidence.MediaKeys{Audio: bytes.Repeat([]byte{1}, 32), Video: bytes.Repeat([]byte{2}, 32)}
	other = evidence.MediaKeys{Audio: bytes.Repeat([]byte{3}, 32), Video: bytes.Repeat([]byte{4}, 32)}
)

const keyID = "a1b2c3d4e5f6"

func handed(k evidence.MediaKeys) *protocol.Report {
	return &protocol.Report{Match: "m1", Reason: "nudity", Media: &protocol.MediaKeys{KeyID: keyID, Audio: b64(k.Audio), Video: b64(k.Video)}}
}

// One who was met has committed to these keys, as the answering side.
func committed(k evidence.MediaKeys) report.Met {
	met := about
	met.Initiator, met.KeyID, met.Commit = true, keyID, base64.RawURLEncoding.EncodeToString(k.Commit("m1", evidence.Responder, keyID))
	return met
}

func TestRecordingIsKeptAndOpens(t *testing.T) {
	recording, err := os.ReadFile("../evidence/testdata/bob.tape")
	if err != nil {
		t.Fatal(err)
	}
	kept := &drawer{}
	desk := report.Desk{Keep: kept, Tags: keys(t), Recording: func(session string, id uint64) []byte {
		if session == "s-ann" && id == 0xa1b2c3d4e5f6 {
			return recording
		}
		return nil
	}}
	file := func(met report.Met, m *protocol.Report) error {
		kept.report = store.Report{}
		_, err := desk.File(t.Context(), report.Filing{Reporter: "ann", Session: "s-ann", About: met, Message: m})
		return err
	}
	if err := file(committed(bobs), handed(bobs)); err != nil || len(kept.report.Evidence) != 1 {
		t.Fatalf("%+v, %v", kept.report, err)
	}
	e := kept.report.Evidence[0]
	if e.Kind != "media" || e.From != "reported" || e.Proof != store.Proven || e.Type != report.TypeRecording || !bytes.Equal(e.Body, recording) {
		t.Errorf("%s %s %s %s", e.Kind, e.From, e.Proof, e.Type)
	}
	film, err := report.WebM(e)
	if err != nil || !bytes.Contains(film, []byte("V_VP8")) {
		t.Errorf("%d bytes, %v", len(film), err)
	}
	if _, err := report.WebM(store.Evidence{Type: "image/jpeg"}); err == nil {
		t.Error("a picture was opened as a recording")
	}

	// Keys that are not his, his keys under another match, side or key id, and no commitment at all: refused, nothing kept.
	wrong := handed(bobs)
	wrong.Media.KeyID = "000000000000"
	elsewhere, asInitiator, silent := committed(bobs), committed(bobs), about
	elsewhere.Match, asInitiator.Initiator = "m2", false
	for name, c := range map[string]struct {
		met report.Met
		m   *protocol.Report
	}{
		"other keys": {committed(bobs), handed(other)}, "he committed to others": {committed(other), handed(bobs)}, "another key id": {committed(bobs), wrong},
		"another match": {elsewhere, handed(bobs)}, "another side": {asInitiator, handed(bobs)}, "no commitment": {silent, handed(bobs)},
	} {
		if err := file(c.met, c.m); !errors.Is(err, report.ErrEvidence) || !errors.Is(err, evidence.ErrMediaKey) || kept.report.Match != "" {
			t.Errorf("%s: %v, kept %+v", name, err, kept.report)
		}
	}

	// A recording that is gone, or shows nothing, is no fault of the reporter's.
	desk.Recording = func(string, uint64) []byte { return nil }
	if err := file(committed(bobs), handed(bobs)); err != nil || len(kept.report.Evidence) != 0 {
		t.Errorf("%+v, %v", kept.report, err)
	}
	desk.Recording = func(string, uint64) []byte { return recording }
	if err := file(committed(other), handed(other)); err != nil || len(kept.report.Evidence) != 0 {
		t.Errorf("%+v, %v", kept.report, err)
	}
}
