// Package apidoc writes the machine-readable descriptions of what Passerby says: JSON Schemas of the events, docs/openapi.yaml of HTTP,
// docs/asyncapi.yaml of the WebSocket and the events. Types come from the Go structs and their comments; addresses and operations from the files
// beside this one. Its tests hold the documents to the code, and the code's answers to the documents.
//
//	go generate ./internal/apidoc
//
// Nothing of it is in the program.
package apidoc

//go:generate go test passerby/internal/apidoc -run TestDocumentsAreFresh -update
