// Package brand reads what an operator has of his own on the chat's page: a folder with brand.yaml and the pictures that it names.
//
//	folder ── Read ──→ web.Site (what is served), warnings (what people may not be able to read)
//
// Everything in it is checked once, at the start: keys that do not exist, colours that are none, sizes, addresses. Nothing of it reaches the page
// as HTML. Read keeps nothing; its results are plain values.
package brand
