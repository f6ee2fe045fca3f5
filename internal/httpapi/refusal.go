package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"passerby/signaling/protocol"
)

// Refusal is why somebody gets no session, with what helps.
type Refusal struct {
	Err    *protocol.Error
	Ban    *protocol.Ban // with protocol.Banned
	AgeURL string        // with protocol.AgeRequired
}

func (r *Refusal) Error() string { return r.Err.Error() }

// refuse answers with a Refusal, or that something failed.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, what string, err error) {
	var why *Refusal
	if !errors.As(err, &why) {
		a.Logger.ErrorContext(r.Context(), what, "err", err)
		why = &Refusal{Err: protocol.Errorf(protocol.Internal, "something went wrong on the server: try again")}
	}
	protocol.WriteAnswer(w, protocol.ErrorAnswer{Error: why.Err, Ban: why.Ban, AgeURL: why.AgeURL})
}

// appeal takes what somebody says against his ban.
func (a *api) appeal(w http.ResponseWriter, r *http.Request) {
	b, fault, status := body(w, r)
	if fault != nil {
		protocol.WriteError(w, status, fault)
		return
	}
	var req protocol.AppealRequest
	if err := json.Unmarshal(b, &req); err != nil {
		protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, `the body must be a JSON object like {"token": "…", "text": "…"}`))
		return
	}
	if err := a.Appeal(r.Context(), a.Proxies.Network(r), req); err != nil {
		a.refuse(w, r, "appeal", err)
		return
	}
	answer(w, http.StatusOK, protocol.AppealAnswer{Appeal: "open"})
}

// data gives a person what is stored of him, or has it deleted; his device key says who he is.
func (a *api) data(purpose string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, fault, status := body(w, r)
		if fault != nil {
			protocol.WriteError(w, status, fault)
			return
		}
		var req protocol.DataRequest
		if err := json.Unmarshal(b, &req); err != nil || req.Device == nil {
			protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, `the body must be a JSON object with the device's signature in "device"`))
			return
		}
		if purpose == "delete" && req.Confirm != "delete" {
			protocol.WriteError(w, 0, protocol.Errorf(protocol.BadRequest, `confirm: write "delete"; it cannot be undone`))
			return
		}
		told, err := a.Data(r, a.Proxies.Network(r), purpose, req)
		if err != nil {
			a.refuse(w, r, "data "+purpose, err)
			return
		}
		answer(w, http.StatusOK, told)
	}
}
