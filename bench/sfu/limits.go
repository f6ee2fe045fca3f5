//go:build linux

package main

import "passerby/sfu"

// unlimited lets the saturated rows send more than one user may.
func unlimited(cfg *sfu.Config) { cfg.UplinkBits, cfg.UplinkPackets = 1e10, 1e7 }
