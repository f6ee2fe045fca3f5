package web

import (
	"embed"
	"io/fs"
	"net/http"
)

// all: takes the placeholder too, so that the program compiles before the page was built.
//
//go:embed all:dist
var embedded embed.FS

// Built says whether the page is inside this binary.
func Built() bool {
	_, err := fs.Stat(embedded, "dist/"+index)
	return err == nil
}

// Handler serves the page that was built into this binary, or says how to build it.
func Handler() http.Handler { return New(dist()) }

// Console serves the moderators' console that was built into this binary.
func Console() http.Handler { return NewConsole(dist()) }

func dist() fs.FS {
	built, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err) // the name is a constant: cannot happen
	}
	return built
}
