package web

import (
	"embed"
	"encoding/json"
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

// Words answers every word of the page in English that an operator may say in his own way, by its key: a string, or a list of strings. Before a
// build there are none.
func Words() map[string]any {
	b, err := fs.ReadFile(embedded, "dist/.words.json")
	if err != nil {
		return nil
	}
	var words map[string]any
	if err := json.Unmarshal(b, &words); err != nil {
		panic(err) // the build wrote it: cannot happen
	}
	return words
}

// Handler serves the page that was built into this binary, with what is the operator's own, or says how to build it.
func Handler(site Site) http.Handler { return New(dist(), site) }

// Console serves the moderators' console that was built into this binary.
func Console() http.Handler { return NewConsole(dist()) }

func dist() fs.FS {
	built, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err) // the name is a constant: cannot happen
	}
	return built
}
