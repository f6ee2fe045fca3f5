package main

// maximum finds a maximum matching of a graph, by Edmonds' blossoms: for each vertex its partner, or -1.
func maximum(edges [][]int) []int {
	n := len(edges)
	m := &matching{edges: edges, mate: make([]int, n), parent: make([]int, n), base: make([]int, n), used: make([]bool, n), blossom: make([]bool, n)}
	for v := range n {
		m.mate[v] = -1
	}
	for v := range n { // a greedy start saves most of the search
		for _, u := range edges[v] {
			if m.mate[v] < 0 && m.mate[u] < 0 {
				m.mate[v], m.mate[u] = u, v
			}
		}
	}
	for v := range n {
		if m.mate[v] < 0 {
			for u := m.path(v); u >= 0; {
				p, next := m.parent[u], m.mate[m.parent[u]]
				m.mate[u], m.mate[p] = p, u
				u = next
			}
		}
	}
	return m.mate
}

type matching struct {
	edges              [][]int
	mate, parent, base []int
	used, blossom      []bool
	queue              []int
}

// path finds the end of an augmenting path from root, or -1.
func (m *matching) path(root int) int {
	for v := range m.edges {
		m.used[v], m.parent[v], m.base[v] = false, -1, v
	}
	m.used[root] = true
	m.queue = append(m.queue[:0], root)
	for len(m.queue) > 0 {
		v := m.queue[0]
		m.queue = m.queue[1:]
		for _, to := range m.edges[v] {
			switch {
			case m.base[v] == m.base[to] || m.mate[v] == to:
			case to == root || m.mate[to] >= 0 && m.parent[m.mate[to]] >= 0:
				m.contract(v, to)
			case m.parent[to] < 0:
				m.parent[to] = v
				if m.mate[to] < 0 {
					return to
				}
				m.used[m.mate[to]] = true
				m.queue = append(m.queue, m.mate[to])
			}
		}
	}
	return -1
}

// contract makes an odd cycle one vertex.
func (m *matching) contract(v, to int) {
	base := m.ancestor(v, to)
	clear(m.blossom)
	m.mark(v, base, to)
	m.mark(to, base, v)
	for i := range m.edges {
		if m.blossom[m.base[i]] {
			m.base[i] = base
			if !m.used[i] {
				m.used[i] = true
				m.queue = append(m.queue, i)
			}
		}
	}
}

func (m *matching) ancestor(a, b int) int {
	seen := make(map[int]bool)
	for {
		a = m.base[a]
		seen[a] = true
		if m.mate[a] < 0 {
			break
		}
		a = m.parent[m.mate[a]]
	}
	for {
		b = m.base[b]
		if seen[b] {
			return b
		}
		b = m.parent[m.mate[b]]
	}
}

func (m *matching) mark(v, base, child int) {
	for m.base[v] != base {
		m.blossom[m.base[v]], m.blossom[m.base[m.mate[v]]] = true, true
		m.parent[v] = child
		child = m.mate[v]
		v = m.parent[m.mate[v]]
	}
}
