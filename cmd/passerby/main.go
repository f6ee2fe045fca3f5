// Command passerby is a self-hostable random video and text chat platform: see README.md, or run `passerby help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"passerby/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
