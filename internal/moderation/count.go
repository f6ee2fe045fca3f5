package moderation

import (
	"context"
	"fmt"
	"time"

	"passerby/internal/store"
)

// countMost is up to where things are counted.
const countMost = 500

// Counts say how much there is to do, each up to 500.
type Counts struct {
	ReportsOpen int `json:"reports_open"`
	ReportsHour int `json:"reports_hour"` // made in the last hour
	AppealsOpen int `json:"appeals_open"`
	BansActive  int `json:"bans_active"`
}

// Count counts.
func (d *Desk) Count(ctx context.Context) (c Counts, err error) {
	page, now := store.Page{Limit: countMost}, d.now()
	open, err := d.Store.Reports(ctx, store.ReportFilter{Status: store.ReportOpen}, page)
	if err != nil {
		return c, fmt.Errorf("moderation: count: %w", err)
	}
	latest, err := d.Store.Reports(ctx, store.ReportFilter{}, page)
	if err != nil {
		return c, fmt.Errorf("moderation: count: %w", err)
	}
	appeals, err := d.Store.Appeals(ctx, store.AppealFilter{Status: store.AppealOpen}, page)
	if err != nil {
		return c, fmt.Errorf("moderation: count: %w", err)
	}
	bans, err := d.Store.Bans(ctx, store.BanFilter{Active: now}, page)
	if err != nil {
		return c, fmt.Errorf("moderation: count: %w", err)
	}
	for _, r := range latest {
		if now.Sub(r.At) <= time.Hour {
			c.ReportsHour++
		}
	}
	c.ReportsOpen, c.AppealsOpen, c.BansActive = len(open), len(appeals), len(bans)
	return c, nil
}
