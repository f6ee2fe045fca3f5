// Package web serves the pages that were built into the binary: the chat, and the moderators' console.
//
//	make web → web/dist/index.html, assets/NAME-HASH.js (+ .br, .gz) ── go:embed ──→ Handler
//
// Names under assets/ carry a hash of their content and are cached for ever; everything else is asked for again
// each time, and answered with 304 while it is the same. The handler is safe for concurrent use, holds everything
// in memory from the start, and has nothing to close. Before a build it serves a page that says how to build.
package web
