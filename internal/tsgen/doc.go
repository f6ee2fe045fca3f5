// Package tsgen writes the TypeScript types of the protocol from the Go structs of
// signaling/protocol, so that the two languages cannot drift apart.
//
//	signaling/protocol/*.go ──reflect (shape)──┐
//	                        ──go/parser (docs)─┴▶ web/sdk/src/protocol.gen.ts
//
// A test fails when the file in the tree is not what Generate would write;
// `go generate ./signaling/protocol` writes it anew. Pure but for reading the
// source files; safe for concurrent use, nothing to close.
package tsgen
