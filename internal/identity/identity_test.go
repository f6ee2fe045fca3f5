package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/identity"
	"passerby/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.UnixMilli(1_900_000_000_000)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func sign(t testing.TB, key *ecdsa.PrivateKey, host string, at time.Time) protocol.Device {
	t.Helper()
	public, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce)
	d := protocol.Device{Key: encode(public), At: at.UnixMilli(), Nonce: encode(nonce)}
	digest := sha256.Sum256(identity.Message(d, host))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	d.Signature = encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	return d
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestVerify(t *testing.T) {
	key, other := newKey(t), newKey(t)
	good := sign(t, key, "chat.example", now)
	change := func(f func(*protocol.Device)) protocol.Device {
		d := good
		f(&d)
		return d
	}
	for _, tt := range []struct {
		name string
		d    protocol.Device
		host string
		want error
	}{
		{"good", good, "chat.example", nil},
		{"at the edge of the time", sign(t, key, "chat.example", now.Add(-identity.Skew)), "chat.example", nil},
		{"for another server", good, "evil.example", identity.ErrSignature},
		{"too old", sign(t, key, "chat.example", now.Add(-identity.Skew-time.Millisecond)), "chat.example", identity.ErrTime},
		{"of tomorrow", sign(t, key, "chat.example", now.Add(24*time.Hour)), "chat.example", identity.ErrTime},
		{"with another's key", change(func(d *protocol.Device) { d.Key = sign(t, other, "", now).Key }), "chat.example", identity.ErrSignature},
		{"another time", change(func(d *protocol.Device) { d.At++ }), "chat.example", identity.ErrSignature},
		{"another nonce", change(func(d *protocol.Device) { d.Nonce = encode(make([]byte, 16)) }), "chat.example", identity.ErrSignature},
		{"no nonce", change(func(d *protocol.Device) { d.Nonce = "" }), "chat.example", identity.ErrSignature},
		{"a point that is not on the curve", change(func(d *protocol.Device) { d.Key = encode(append([]byte{4}, make([]byte, 64)...)) }), "chat.example", identity.ErrSignature},
		{"the point at infinity", change(func(d *protocol.Device) { d.Key = encode(make([]byte, 65)) }), "chat.example", identity.ErrSignature},
		{"an empty signature", change(func(d *protocol.Device) { d.Signature = encode(make([]byte, 64)) }), "chat.example", identity.ErrSignature},
		{"a long signature", change(func(d *protocol.Device) { d.Signature += "AAAA" }), "chat.example", identity.ErrSignature},
		{"nothing", protocol.Device{}, "chat.example", identity.ErrSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := identity.Verify(tt.d, tt.host, now); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	good := sign(f, newKey(f), "h", now)
	f.Add(good.Key, good.Nonce, good.Signature, good.At)
	f.Add("", "", "", int64(0))
	f.Fuzz(func(t *testing.T, key, nonce, signature string, at int64) {
		d := protocol.Device{Key: key, Nonce: nonce, Signature: signature, At: at}
		public, err := identity.Verify(d, "h", now)
		if err == nil && d != good {
			t.Errorf("%+v passes", d)
		}
		if err == nil && !slices.Equal(public, identity.Claim(d)) {
			t.Errorf("%+v claims another key than it proves", d)
		}
	})
}

func TestNames(t *testing.T) {
	n := identity.New([]byte("one key of thirty-two bytes, yes"))
	if !identity.Lasting(n.User([]byte("a"))) || !identity.Lasting(n.AppUser("a", "b")) || identity.Lasting(rand.Text()) || identity.Lasting("") {
		t.Error("ids that come back are taken for others")
	}
	if n.User([]byte("a")) != n.User([]byte("a")) || n.User([]byte("a")) == n.User([]byte("b")) {
		t.Error("a user's name is not a function of the key")
	}
	if n.User([]byte("a")) == identity.New([]byte("another key of 32 bytes, as well")).User([]byte("a")) {
		t.Error("a name does not depend on the server's secret")
	}
	narrow, wide := n.Sighting(netip.MustParsePrefix("203.0.113.7/32"))
	if narrow != n.Network(netip.MustParsePrefix("::ffff:203.0.113.7/128")) || wide != n.Network(netip.MustParsePrefix("203.0.113.99/24")) {
		t.Error("the names of an IPv4 address and its /24")
	}
	_, wide = n.Sighting(netip.MustParsePrefix("2001:db8:1:2::/64"))
	if wide != n.Network(netip.MustParsePrefix("2001:db8:1::/48")) {
		t.Error("the name of an IPv6 /48")
	}
	if a, b := n.Sighting(netip.Prefix{}); a+b != "" {
		t.Error("no network has a name")
	}
}

func TestCovering(t *testing.T) {
	n := identity.New([]byte("one key of thirty-two bytes, yes"))
	for _, tt := range []struct {
		who, network string
		want         bool
	}{
		{"203.0.113.7/32", "203.0.113.7/32", true}, {"203.0.113.7/32", "203.0.113.8/32", false}, {"203.0.113.7/32", "203.0.112.0/23", true},
		{"203.0.113.7/32", "203.0.0.0/8", true}, {"203.0.113.7/32", "::/32", false}, {"2001:db8:1:2::/64", "2001:db8::/32", true},
		{"2001:db8:1:2::/64", "2001:db8:1:2::/64", true}, {"2001:db8:1:2::/64", "2001:db8:1:3::/64", false},
	} {
		if got := slices.Contains(n.Covering(netip.MustParsePrefix(tt.who)), n.Network(netip.MustParsePrefix(tt.network))); got != tt.want {
			t.Errorf("%s in %s: %v, want %v", tt.who, tt.network, got, tt.want)
		}
	}
}
