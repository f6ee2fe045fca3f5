package queue

import "math/rand/v2"

// A treap is a balanced search tree of stays ordered by place. Nodes belong
// to one tree; priorities are random, so the depth is O(log n) whatever the order of arrival.

type node struct {
	stay        *stay
	left, right *node
	priority    uint32
	size        int32
}

func newNode(s *stay) *node { return &node{stay: s, priority: rand.Uint32(), size: 1} }

func (n *node) count() int32 {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *node) update() { n.size = 1 + n.left.count() + n.right.count() }

// insert returns the root of the tree with x in it.
func insert(root, x *node) *node {
	if root == nil {
		return x
	}
	if x.priority > root.priority {
		x.left, x.right = split(root, x.stay)
		x.update()
		return x
	}
	if x.stay.before(root.stay) {
		root.left = insert(root.left, x)
	} else {
		root.right = insert(root.right, x)
	}
	root.update()
	return root
}

// split cuts the tree into those before s and the rest.
func split(root *node, s *stay) (before, after *node) {
	if root == nil {
		return nil, nil
	}
	if root.stay.before(s) {
		root.right, after = split(root.right, s)
		root.update()
		return root, after
	}
	before, root.left = split(root.left, s)
	root.update()
	return before, root
}

// remove returns the root of the tree without s, and whether it was there.
func remove(root *node, s *stay) (*node, bool) {
	if root == nil {
		return nil, false
	}
	if root.stay == s {
		return merge(root.left, root.right), true
	}
	var found bool
	if s.before(root.stay) {
		root.left, found = remove(root.left, s)
	} else {
		root.right, found = remove(root.right, s)
	}
	root.update()
	return root, found
}

func merge(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		a.right = merge(a.right, b)
		a.update()
		return a
	default:
		b.left = merge(a, b.left)
		b.update()
		return b
	}
}

// rank counts the stays before s.
func rank(root *node, s *stay) int {
	n := 0
	for root != nil {
		if root.stay.before(s) {
			n += int(root.left.count()) + 1
			root = root.right
		} else {
			root = root.left
		}
	}
	return n
}

// ascend yields stays from the oldest until yield returns false.
func ascend(root *node, yield func(*stay) bool) bool {
	return root == nil ||
		ascend(root.left, yield) && yield(root.stay) && ascend(root.right, yield)
}
