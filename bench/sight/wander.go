package main

import (
	"context"
	"fmt"
	"os"

	"passerby/internal/stack"
	"passerby/internal/testenv"
)

// wander sits on a node until that asks it to go to another, and goes there without a break.
func wander(ctx context.Context, from, to *stack.Node) {
	v, err := testenv.Visit(ctx, "http://"+from.Addr)
	if err == nil {
		err = v.MoveTo(ctx, "http://"+to.Addr)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "wanderer:", err)
		return
	}
	<-ctx.Done()
	v.Close()
}
