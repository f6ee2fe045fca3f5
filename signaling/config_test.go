package signaling_test

import (
	"strings"
	"testing"
	"time"

	"passerby/signaling"
)

func TestConfigValidate(t *testing.T) {
	if err := (signaling.Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	bad := signaling.Config{
		MaxSessions: -1, Resume: -time.Second, OutboxBytes: 10, Silence: time.Second,
		Origins: []string{"https://chat.example", "*", "chat.example", "https://chat.example/path"},
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"MaxSessions", "Resume", "OutboxBytes", "Silence", `"chat.example"`, "/path"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), `"https://chat.example"`) {
		t.Errorf("%v: refuses a good origin", err)
	}
}

func TestNewNeedsItsDependencies(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a hub without a queue was made")
		}
	}()
	signaling.New(signaling.Config{}, signaling.Deps{})
}
