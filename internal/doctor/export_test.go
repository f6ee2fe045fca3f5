package doctor

// Certificate looks at what a TLS server shows.
var Certificate = certificate
