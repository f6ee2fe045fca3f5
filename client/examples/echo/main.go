// Command echo is a bot that meets one person after another, says again what they say, and with -video shows them their own
// picture. It is an example of passerby/client, and a partner to try a server with alone.
//
//	passerby serve &
//	go run ./client/examples/echo -url http://localhost:8080
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"time"

	"passerby/client"
	"passerby/client/e2ee"
)

func main() {
	url := flag.String("url", "http://localhost:8080", "the server")
	video := flag.Bool("video", false, "meet people who want video, and show them to themselves")
	greeting := flag.String("greeting", "Hello, I am a bot. I say what you say.", "the first text to everybody")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := echo(ctx, *url, *video, *greeting); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func echo(ctx context.Context, url string, video bool, greeting string) error {
	cfg := client.Config{URL: url, Adult: true, Media: true, AutoNext: true}
	wish := client.Wish{Mode: client.Text}
	var mirror mirror
	if video {
		wish.Mode = client.Video
		cfg.Frames = mirror.frame
	}
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	mirror.to.Store(c)
	context.AfterFunc(ctx, c.Close)
	if err := c.Find(wish); err != nil {
		return err
	}
	for event := range c.Events() {
		switch e := event.(type) {
		case client.Matched:
			fmt.Println("met somebody; in common:", e.Tags)
			_, _ = c.Send(greeting) // a partner who has left meanwhile is no error
		case client.Message:
			_, _ = c.Send(e.Text)
		case client.Verification:
			if e.Emoji != nil {
				fmt.Println("nobody is between the two of you if he sees", signs(e.Emoji))
			}
		case client.Ended:
			fmt.Println("over:", e.Reason)
		case client.Failed:
			return e.Err
		}
	}
	return nil
}

func signs(emoji *[4]e2ee.Emoji) string {
	all := make([]string, len(emoji))
	for i, e := range emoji {
		all[i] = e.Sign
	}
	return strings.Join(all, " ")
}

// mirror sends the frames back that come.
type mirror struct {
	to   atomic.Pointer[client.Client]
	last [2]time.Time // of sound and picture
}

func (m *mirror) frame(f client.Frame) {
	c := m.to.Load()
	if c == nil {
		return
	}
	i, send := 0, c.Sound
	if f.Video {
		i, send = 1, c.Film
	}
	now := time.Now()
	lasts := min(now.Sub(m.last[i]), time.Second)
	m.last[i] = now
	_ = send(f.Data, lasts) // nobody is here any more
}
