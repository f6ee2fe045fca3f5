package batch

// Segments reports whether runs still go to the kernel as one.
func (w *Writer) Segments() bool { return w.segment }
