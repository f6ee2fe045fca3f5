package match_test

import (
	"context"
	"fmt"

	"passerby/match"
	"passerby/match/memory"
)

// Two people who both like jazz are paired at once; the one who waited learns
// of it by a hint, and could as well have learnt of it by Renew.
func Example() {
	ctx := context.Background()
	queue, err := memory.New(match.Config{
		Notify: func(e match.Event) { fmt.Println("hint to", e.Session+":", e.Kind) },
	})
	if err != nil {
		panic(err)
	}
	// A program also starts queue.Run(ctx).

	wish := match.Wish{Mode: match.Text, Tags: []string{"Jazz"}}
	ada, _ := queue.Arrive(ctx, match.Ticket{Session: "ada's tab", User: "ada", Wish: wish})
	fmt.Println("ada is", ada.State, "at position", ada.Position)

	ben, _ := queue.Arrive(ctx, match.Ticket{Session: "ben's tab", User: "ben", Wish: wish})
	fmt.Println("ben is", ben.State, "with", ben.Pair.Responder.User, "over", ben.Pair.Tags)

	ada, _ = queue.Renew(ctx, "ada's tab")
	fmt.Println("ada is", ada.State, "in the same pair:", ada.Pair.ID == ben.Pair.ID)

	// Output:
	// ada is waiting at position 1
	// hint to ada's tab: pair made
	// ben is paired with ada over [jazz]
	// ada is paired in the same pair: true
}
