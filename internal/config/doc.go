// Package config holds the server's settings.
//
// Every setting has one name, used three ways:
//
//	--public-ip 203.0.113.7          a flag
//	PASSERBY_PUBLIC_IP=203.0.113.7   an environment variable
//	public-ip: 203.0.113.7           a key of the YAML file given with --config
//
// A flag wins over the environment, the environment over the file, the file over the default. The annotated file config/passerby.yaml shows
// every setting with its default; a test holds it to this package. A Config is a plain value: it is not changed after Load.
package config
