package sealed

// Open opens what lies in a database.
func Open(k Keys, body []byte, text string) {
	_, _ = k.openBytes(body, nil)
	_, _ = k.openText(text, nil)
}
