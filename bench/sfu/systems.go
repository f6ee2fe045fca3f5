//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"log"
	"os"
	"os/exec"
)

// system is a program that serves over its standard input and output.
type system struct {
	name    string
	program string
	as      string // its -serve
}

func systems(before string) []system {
	self, _ := os.Executable()
	all := []system{{"passerby", self, "passerby"}}
	if before != "" {
		all = append(all, system{"before", before, "passerby"})
	}
	all = append(all, system{"pion", self, "pion"})
	if _, err := os.Stat(janusProgram); err == nil {
		all = append(all, system{"janus", janusProgram, ""})
	} else {
		log.Print("Janus is left out: apt-get install janus")
	}
	return append(all, system{"bare", self, "bare"})
}

// running is a started server.
type running struct {
	name string
	pid  int
	in   *json.Encoder
	out  *json.Decoder

	janus *janus // in place of in and out
}

// with starts the server on the first core, lets f load it, and ends it.
func (s system) with(f func(*running) (map[string]float64, error)) (map[string]float64, error) {
	if s.program == janusProgram {
		return withJanus(f)
	}
	cmd := exec.Command("taskset", "-c", "0", s.program, "-serve", s.as) //nolint:gosec // from the command line
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	return f(&running{name: s.name, pid: cmd.Process.Pid, in: json.NewEncoder(in), out: json.NewDecoder(bufio.NewReader(out))})
}

func (r *running) ask(a ask) (answer, error) {
	var b answer
	err := r.in.Encode(a)
	if err == nil {
		err = r.out.Decode(&b)
	}
	if err == nil && b.Error != "" {
		err = errors.New(b.Error)
	}
	return b, err
}
