// Package protocol holds the messages of the WebSocket protocol passerby.v1:
// one struct per message, a parser for what clients send, an encoder for what
// the server sends, and the table of error codes. docs/protocol.md is the
// reference for people; tests hold it, these structs, the golden files in
// signaling/testdata/protocol and the generated TypeScript types together.
//
//	bytes ──Parse──▶ Message ──▶ session ──▶ Message ──Append──▶ bytes
//	         │
//	         └─▶ *Error (code, text that names the field, id of the request)
//
// Everything here is a pure function of its input: safe for concurrent use,
// nothing to close. A frame over FrameBytes, a frame that is not valid UTF-8 and
// a field over its cap are refused before anybody else sees them.
package protocol

//go:generate go test passerby/internal/tsgen -run TestGeneratedFileIsFresh -update
