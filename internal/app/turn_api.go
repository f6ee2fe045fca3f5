package app

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"passerby/internal/httpapi"
)

// listenHTTP opens the API that makes credentials and the operator's listener, as far as they are on.
func (s *TURNServer) listenHTTP() (err error) {
	if s.cfg.APIListen != "off" {
		if s.api, err = net.Listen("tcp", s.cfg.APIListen); err != nil {
			return explain("api-listen", s.cfg.APIListen, err)
		}
		if s.cfg.APITLS {
			s.api = tls.NewListener(s.api, s.certs.tls("http/1.1"))
		} else if at, err := netip.ParseAddrPort(s.api.Addr().String()); err == nil && !at.Addr().IsLoopback() {
			s.log.Warn("--api-listen takes API keys over plain HTTP from other machines: keep the network private, or set --api-tls", "api", s.cfg.APIListen)
		}
	}
	if s.cfg.Admin != "off" {
		if s.admin, err = net.Listen("tcp", s.cfg.Admin); err != nil {
			err = explain("admin", s.cfg.Admin, err)
			if s.api != nil {
				err = errors.Join(err, s.api.Close())
			}
		}
	}
	return err
}

// apiHTTP serves the application's servers.
func (s *TURNServer) apiHTTP() *http.Server {
	return bounded(httpapi.NewCredentials(httpapi.Credentials{
		Keys: s.cfg.APIKeys, Longest: s.cfg.APIMaxTTL, Mint: s.ICEServers, Draining: s.draining.Load,
	}), usualPatience, s.log)
}

// APIURL is where the API that makes credentials is; it is on.
func (s *TURNServer) APIURL() string {
	scheme := "http"
	if s.cfg.APITLS {
		scheme = "https"
	}
	return scheme + "://" + s.api.Addr().String()
}
