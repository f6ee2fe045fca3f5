package matchtest

import "testing"

func crowds(t *testing.T, factory Factory) {}
