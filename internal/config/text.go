package config

import (
	"flag"
	"time"

	"passerby/internal/webhook"
)

// Text says whether texts are encrypted between the two people, and how they are judged when they are not.
type Text struct {
	Encryption string // on: only the two people can read them; off: the server reads and filters them, and pages say so
	Words      string // file of words, one a line, with which a text is refused
	URL        string // of a service that judges texts; empty: none
	Secret     string // that signs what it is asked
	Private    bool   // the URL may lead to a private address
	Timeout    time.Duration
	Failure    string // what becomes of a text that the service does not judge in time: refuse, deliver
}

func (t *Text) flags(fs *flag.FlagSet) {
	fs.StringVar(&t.Encryption, "text-encryption", t.Encryption, "`state` of the encryption of texts between the two people: on, or off: then this server reads every text and can filter it, each page always says so, and the text-filter settings count")
	fs.StringVar(&t.Words, "text-filter-words", t.Words, "`file` of words, one a line; a text with one of them is not delivered; needs text-encryption off")
	fs.StringVar(&t.URL, "text-filter-url", t.URL, "`URL` of a service that judges each text before it is delivered, like https://example.org/check; needs text-encryption off")
	fs.StringVar(&t.Secret, "text-filter-secret", t.Secret, "`secret` that signs what it is asked: whsec_ and the base64 of 24 to 64 random bytes")
	fs.BoolVar(&t.Private, "text-filter-private", t.Private, "`true` lets text-filter-url lead to a private address")
	fs.Var(duration{&t.Timeout}, "text-filter-timeout", "`time` that the service has for one text")
	fs.StringVar(&t.Failure, "text-filter-failure", t.Failure, "`what` becomes of a text that the service does not judge in time: refuse (its sender is told) or deliver")
}

func (t Text) validate(fault func(string, ...any)) {
	if t.Encryption != "on" && t.Encryption != "off" {
		fault("--text-encryption: %q is neither on nor off", t.Encryption)
	}
	if t.Encryption == "on" && (t.Words != "" || t.URL != "") {
		fault("--text-filter-words and --text-filter-url: texts are encrypted, and this server can read none: set text-encryption to off, and people are told, or use filter-words, which pages do")
	}
	if t.Timeout < 50*time.Millisecond || t.Timeout > 4*time.Second {
		fault("--text-filter-timeout: %v is out of range: 50ms to 4s", t.Timeout)
	}
	if t.Failure != "refuse" && t.Failure != "deliver" {
		fault("--text-filter-failure: %q is neither refuse nor deliver", t.Failure)
	}
	if t.URL != "" {
		if err := webhook.ParseURL(t.URL); err != nil {
			fault("--text-filter-url: %w", err)
		}
		if _, err := webhook.ParseSecret(t.Secret); err != nil {
			fault("--text-filter-secret: %w", err)
		}
	}
}
