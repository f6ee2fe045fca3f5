// Package httpapi serves the plain HTTP side of Passerby: what a page needs before it has a WebSocket, and what an operator looks at.
//
//	POST /v1/session   age confirmation → token, ICE servers, limits
//	GET  /v1/settings  what the operator wishes of pages: words to mask, a blurred beginning
//	GET  /v1/stats     people online, waiting, matched
//	GET  /v1/ws        the signaling hub (given)
//	GET  /             the web app (given)
//
//	POST /v1/credentials   of passerby turn: API key, a user's name → ICE servers with credentials that expire
//
//	Admin: /metrics /healthz /readyz /debug/pprof
//
// Handlers are safe for concurrent use and own no goroutine.
package httpapi
