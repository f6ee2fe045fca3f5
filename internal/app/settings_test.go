package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"passerby/internal/config"
	"passerby/signaling/protocol"
)

func TestSettingsOfPages(t *testing.T) {
	tests := []struct {
		name   string
		change func(*config.Config)
		want   protocol.SettingsAnswer
	}{
		{"as it is by default", func(*config.Config) {}, protocol.SettingsAnswer{}},
		{"all of it", func(c *config.Config) {
			c.BlurStart, c.NudityCheck, c.AgeSecret, c.AgeURL = true, 0.7, strings.Repeat("s", 32), "https://age.example.org/"
		}, protocol.SettingsAnswer{BlurStart: true, NudityCheck: 0.7, AgeService: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := local(t)
			tt.change(&c)
			_, base := start(t, c)
			resp, err := http.Get(base + "/v1/settings")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var got protocol.SettingsAnswer
			if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
				t.Fatal(err)
			}
			if len(got.Words) != 0 || got.BlurStart != tt.want.BlurStart || got.NudityCheck != tt.want.NudityCheck || got.AgeService != tt.want.AgeService {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}
