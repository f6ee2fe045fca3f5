//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// janus is a running Janus gateway, asked over its Unix socket: one session with a handle for each connection.
type janus struct {
	conn    net.Conn
	session uint64
	count   int
	waiting []reply // that came while another was waited for
}

// reply is what Janus says. Only what is read here is named.
type reply struct {
	Janus       string
	Transaction string
	Sender      uint64
	Data        struct{ ID uint64 }
	Error       struct{ Reason string }
	JSEP        jsep
	Plugindata  struct {
		Data struct {
			Error  string
			Result struct{ Event string } // videocall
		}
	}
}

type jsep struct {
	Type string `json:"type,omitempty"`
	SDP  string `json:"sdp,omitempty"`
}

const janusProgram = "/usr/bin/janus"

// janusSettings serve two plugins over a Unix socket: no HTTP, no events, no log to speak of.
const janusSettings = `general: {
	configs_folder = %q
	debug_level = 1
	session_timeout = 0
}
media: { ipv6 = false }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`

// withJanus starts Debian's Janus on the first core, lets f load it, and ends it.
func withJanus(f func(*running) (map[string]float64, error)) (map[string]float64, error) {
	dir, err := os.MkdirTemp("", "bench-janus-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	socket := filepath.Join(dir, "api")
	for name, text := range map[string]string{
		"janus.jcfg":                  fmt.Sprintf(janusSettings, dir),
		"janus.transport.pfunix.jcfg": fmt.Sprintf("general: { enabled = true\n json = \"compact\"\n path = %q\n type = \"SOCK_SEQPACKET\" }\n", socket),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command("taskset", "-c", "0", janusProgram, "-F", dir)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	j := &janus{}
	for try := 0; ; try++ {
		if j.conn, err = net.Dial("unixpacket", socket); err == nil {
			break
		}
		if try == 600 {
			return nil, fmt.Errorf("%w: Janus said: %s", err, said.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
	defer func() { _ = j.conn.Close() }()
	r, err := j.ask(map[string]any{"janus": "create"})
	if err != nil {
		return nil, err
	}
	j.session = r.Data.ID
	return f(&running{name: "janus", pid: cmd.Process.Pid, janus: j})
}

// ask sends a request of the API itself and gives its answer.
func (j *janus) ask(request map[string]any) (reply, error) {
	transaction, err := j.send(request)
	if err != nil {
		return reply{}, err
	}
	return j.await(func(r reply) bool { return r.Transaction == transaction && r.Janus != "ack" })
}

func (j *janus) send(request map[string]any) (transaction string, err error) {
	j.count++
	transaction = fmt.Sprint(j.count)
	request["transaction"] = transaction
	if j.session != 0 {
		request["session_id"] = j.session
	}
	b, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	_, err = j.conn.Write(b)
	return transaction, err
}

// await gives the first thing said that is wanted.
func (j *janus) await(wanted func(reply) bool) (reply, error) {
	for i, r := range j.waiting {
		if wanted(r) {
			j.waiting = append(j.waiting[:i], j.waiting[i+1:]...)
			return r, nil
		}
	}
	_ = j.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 256<<10)
	for {
		n, err := j.conn.Read(buf)
		if err != nil {
			return reply{}, fmt.Errorf("janus: %w", err)
		}
		var r reply
		if err := json.Unmarshal(buf[:n], &r); err != nil {
			return r, fmt.Errorf("janus: %w", err)
		}
		if r.Janus == "error" || r.Plugindata.Data.Error != "" {
			return r, errors.New("janus: " + r.Error.Reason + r.Plugindata.Data.Error)
		}
		if wanted(r) {
			return r, nil
		}
		if r.Janus == "event" { // all else tells how a connection gets on
			j.waiting = append(j.waiting, r)
		}
	}
}

// handle attaches to a plugin.
func (j *janus) handle(plugin string) (uint64, error) {
	r, err := j.ask(map[string]any{"janus": "attach", "plugin": "janus.plugin." + plugin})
	return r.Data.ID, err
}

// tell sends a message to a handle's plugin, and gives what the plugin answers.
func (j *janus) tell(handle uint64, body map[string]any, description jsep) (reply, error) {
	request := map[string]any{"janus": "message", "handle_id": handle, "body": body}
	if description.SDP != "" {
		request["jsep"] = description
	}
	return j.ask(request)
}

// event waits for what a handle is told without having asked.
func (j *janus) event(handle uint64, name string) (reply, error) {
	return j.await(func(r reply) bool { return r.Sender == handle && r.Plugindata.Data.Result.Event == name })
}
