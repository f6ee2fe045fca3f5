package turn

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"

	"github.com/pion/dtls/v3"
)

// bindBoth binds UDP and TCP to the same port.
func bindBoth(addr string) (*net.UDPConn, net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, err
	}
	var lc net.ListenConfig
	ctx := context.Background()
	for try := 0; ; try++ {
		c, err := lc.ListenPacket(ctx, "udp", addr)
		if err != nil {
			return nil, nil, err
		}
		udp := c.(*net.UDPConn)
		same := strconv.Itoa(udp.LocalAddr().(*net.UDPAddr).Port)
		tcp, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, same))
		if err == nil {
			return udp, tcp, nil
		}
		udp.Close()
		if port != "0" || try == 20 { // a port that the system chose may be taken for TCP
			return nil, nil, err
		}
	}
}

// listenSecure binds TLS over TCP and DTLS over UDP to the same port.
func listenSecure(cfg Config) (secure, datagram net.Listener, err error) {
	config := cfg.TLS
	if config == nil {
		current, err := CertificateFiles(cfg.TLSCert, cfg.TLSKey, cfg.Logger)
		if err != nil {
			return nil, nil, err
		}
		config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: current}
	}
	udp, tcp, err := bindBoth(cfg.TLSListen)
	if err != nil {
		return nil, nil, err
	}
	hello := func(h *dtls.ClientHelloInfo) (*tls.Certificate, error) {
		return config.GetCertificate(&tls.ClientHelloInfo{ServerName: h.ServerName})
	}
	return tls.NewListener(tcp, config), greet(udp, cfg, dtls.WithGetCertificate(hello)), nil
}
