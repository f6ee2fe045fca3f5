package app_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/internal/doctor"
	"passerby/signaling/protocol"
)

// An application's server asks for credentials over HTTP and HTTPS, and with them two clients of a user meet over each transport;
// neither the log nor what is printed tells the key, the secret or the credentials.
func TestMintedCredentialsRelay(t *testing.T) {
	const key = "the API key of an app"
	cert, private := mustCertificate(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // made above
	defer client.CloseIdleConnections()
	for _, secure := range []bool{false, true} {
		logs := &log{}
		c := config.DefaultTURN()
		c.Listen, c.TLSListen, c.Admin, c.DrainTimeout, c.LogLevel = "127.0.0.1:0", "127.0.0.1:0", "off", 0, "debug"
		c.PublicIP = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		c.APIListen, c.APIKeys, c.APITLS, c.TLSCert, c.TLSKey = "127.0.0.1:0", []string{key}, secure, cert, private
		c.Users = map[string]string{"static": "password"} // the API needs a secret all the same
		s, err := app.StartTURN(c, logs)
		if err != nil {
			t.Fatal(err)
		}
		s.Greet(logs)
		untilEnd(t, s)

		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+"/v1/credentials", strings.NewReader(`{"user": "ada", "ttl": 60}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		var got struct {
			ICEServers []protocol.ICEServer `json:"iceServers"`
		}
		if err != nil || json.Unmarshal(b, &got) != nil || res.StatusCode != 200 || len(got.ICEServers) != 1 || len(got.ICEServers[0].URLs) != 3 {
			t.Fatalf("%d %s %v", res.StatusCode, b, err)
		}
		entry := got.ICEServers[0]
		doctor.TURN{
			Server: hostOf(entry.URLs[0]), TLSServer: hostOf(entry.URLs[2]), AnyCertificate: true, Username: entry.Username, Password: entry.Credential,
		}.Run(t.Context(), func(c doctor.Check) {
			if c.Err != nil {
				t.Errorf("HTTPS %v, %s: %v", secure, c.Name, c.Err)
			}
		})
		for _, hidden := range []string{key, s.Secret(), entry.Credential, "ada"} {
			if strings.Contains(logs.String(), hidden) {
				t.Errorf("%q was logged or printed:\n%s", hidden, logs)
			}
		}
	}
}

// hostOf is host:port of a URL like turn:host:port?transport=udp.
func hostOf(url string) string {
	host, _, _ := strings.Cut(url, "?")
	_, host, _ = strings.Cut(host, ":")
	return host
}

// The URLs hold the name that certificates are made for, and a key over the network in the clear is warned of.
func TestTURNHost(t *testing.T) {
	logs := &log{}
	c := config.DefaultTURN()
	c.Listen, c.Admin, c.APIListen, c.APIKeys, c.Host, c.DrainTimeout = "127.0.0.1:0", "off", ":0", []string{"the API key of an app"}, "turn.example.org", 0
	s, err := app.StartTURN(c, logs)
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	if url := s.URLs()[0]; !strings.HasPrefix(url, "turn:turn.example.org:") || !strings.Contains(logs.String(), "over plain HTTP") {
		t.Errorf("%s\n%s", url, logs)
	}
}
