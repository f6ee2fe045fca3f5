package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// Config says where to and as whom. The zero value of a field means what its comment says.
type Config struct {
	// URL of the server, such as https://chat.example.org.
	URL string
	// Adult is the word that who is behind this is an adult, or a program; the server asks for it.
	Adult bool
	// AgeToken is the word of an age-assurance service; needed where the operator has one.
	AgeToken string
	// Device is who this is from one session to the next (NewDevice); nil: a stranger each time.
	Device *ecdsa.PrivateKey
	// Media makes a WebRTC connection: text then takes its data channel, and in video mode Film and Sound send. Without
	// it text takes the WebSocket.
	Media bool
	// Frames is called for each frame of the partner, opened, one after the other of a kind; nil: they are dropped.
	Frames func(Frame)
	// KeyFrame is called when the partner needs a key frame from Film; nil: the next one comes when it comes.
	KeyFrame func()
	// AutoNext looks for somebody else by itself when a partner leaves.
	AutoNext bool
	// Dial makes TCP connections; nil: net.Dialer's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Header goes along with every request.
	Header http.Header
}

// NewDevice makes a key by which a server knows that the same one comes again.
func NewDevice() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// Validate tells all that is wrong.
func (c Config) Validate() error {
	var errs []error
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("URL: %q is not an address like https://chat.example.org", c.URL))
	}
	if !c.Adult {
		errs = append(errs, errors.New("Adult: set it; the server lets in adults, and programs of theirs"))
	}
	if c.Device != nil && c.Device.Curve != elliptic.P256() {
		errs = append(errs, errors.New("Device: it has to be a P-256 key, as NewDevice makes it"))
	}
	return errors.Join(errs...)
}
