package sealed

import (
	"context"
	"encoding/json"
	"slices"

	"passerby/internal/store"
)

// Store is a store.Store whose evidence is sealed.
type Store struct {
	store.Store
	keys Keys
}

var _ store.Store = Store{}

// New puts seals around a store.
func New(inner store.Store, keys Keys) Store { return Store{inner, keys} }

func place(report, evidence, field string) []byte {
	return []byte("passerby evidence\n" + report + "\n" + evidence + "\n" + field)
}

// SaveReport implements store.Reports.
func (s Store) SaveReport(ctx context.Context, r store.Report) (store.Report, error) {
	if r.ID == "" {
		r.ID = store.NewID()
	}
	r.Evidence = slices.Clone(r.Evidence)
	kept := r
	kept.Comment = s.keys.sealText(r.Comment, place(r.ID, "", "comment"))
	kept.Evidence = slices.Clone(r.Evidence)
	for i := range kept.Evidence {
		if r.Evidence[i].ID == "" {
			r.Evidence[i].ID = store.NewID()
		}
		e := &kept.Evidence[i]
		e.ID = r.Evidence[i].ID
		e.Body = s.keys.sealBytes(e.Body, place(r.ID, e.ID, "body"))
		e.Detail = json.RawMessage(s.keys.sealText(string(e.Detail), place(r.ID, e.ID, "detail")))
	}
	saved, err := s.Store.SaveReport(ctx, kept)
	if err != nil {
		return r, err
	}
	saved.Comment, saved.Evidence = r.Comment, r.Evidence
	return saved, nil
}

// Report implements store.Reports.
func (s Store) Report(ctx context.Context, id string) (store.Report, error) {
	r, err := s.Store.Report(ctx, id)
	if err != nil {
		return r, err
	}
	s.open(&r)
	return r, nil
}

// Reports implements store.Reports.
func (s Store) Reports(ctx context.Context, f store.ReportFilter, page store.Page) ([]store.Report, error) {
	list, err := s.Store.Reports(ctx, f, page)
	for i := range list {
		s.open(&list[i])
	}
	return list, err
}

// ExportUser implements store.Users.
func (s Store) ExportUser(ctx context.Context, id string) (store.Export, error) {
	e, err := s.Store.ExportUser(ctx, id)
	for i := range e.Made {
		s.open(&e.Made[i])
	}
	return e, err
}

// Within implements store.Store.
func (s Store) Within(ctx context.Context, f func(store.Store) error) error {
	return s.Store.Within(ctx, func(tx store.Store) error { return f(Store{tx, s.keys}) })
}

// open opens what a report holds; what does not open says why.
func (s Store) open(r *store.Report) {
	var err error
	if r.Comment, err = s.keys.openText(r.Comment, place(r.ID, "", "comment")); err != nil {
		r.Comment = shut(err)
	}
	for i := range r.Evidence {
		e := &r.Evidence[i]
		if e.Body, err = s.keys.openBytes(e.Body, place(r.ID, e.ID, "body")); err != nil {
			e.Body, e.Type = []byte(shut(err)), "text/plain"
		}
		detail, err := s.keys.openText(string(e.Detail), place(r.ID, e.ID, "detail"))
		if e.Detail = json.RawMessage(detail); err != nil || detail == "" {
			e.Detail = nil
		}
	}
}

func shut(err error) string { return "(" + err.Error() + ")" }
