// Package config holds no code: its files are the annotated settings, passerby.yaml of the server and turn.yaml of TURN alone.
// Package internal/config reads such files, and its tests hold these to the code.
package config
