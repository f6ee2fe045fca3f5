// Package tape is the format of a recording: RTP packets as they came, still encrypted between the browsers.
//
//	head:   "PBT1" │ key id 8 │ Unix ms of the beginning 8
//	record: flags 1 (video 1, marker 2, key frame 4) │ source 4 │ sequence 2 │ timestamp 4 │ ms since the beginning 4 │ length 2 │ payload
//
// All numbers are big endian. Nothing here keeps state.
package tape
