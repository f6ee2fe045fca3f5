package app

import "sync"

// recently is a set that forgets: at least the last half of most names are in it. Safe for concurrent use.
type recently struct {
	most int

	mu          sync.Mutex // guards what follows
	young, aged map[string]struct{}
}

// add puts a name in, and answers whether it was not there.
func (r *recently) add(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, young := r.young[name]
	_, aged := r.aged[name]
	if young || aged {
		return false
	}
	if len(r.young) >= r.most/2 || r.young == nil {
		r.young, r.aged = map[string]struct{}{}, r.young
	}
	r.young[name] = struct{}{}
	return true
}

func (r *recently) remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.young, name)
	delete(r.aged, name)
}
