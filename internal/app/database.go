package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"passerby/internal/config"
	"passerby/internal/store"
	"passerby/internal/store/postgres"
	"passerby/internal/store/sealed"
	"passerby/internal/store/sqldb"
	"passerby/internal/store/sqlite"
)

const (
	migrateTimeout = time.Minute // of SQLite, at the start
	purgeEvery     = 10 * time.Minute
	purgeRows      = 5000 // of each kind, at a time
	databaseLook   = 15 * time.Second
)

// openDatabase opens the store. A file's tables are brought up to date; those of a server must be, if it answers. A server that does
// not answer keeps nobody from chatting.
func (s *Server) openDatabase() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), migrateTimeout)
	defer cancel()
	if len(s.cfg.EvidenceKeys) == 0 {
		s.log.Info("the evidence of reports lies in the database in clear: evidence-keys would seal it")
	}
	if !s.cfg.Postgres() {
		if s.cfg.Redis != "" {
			s.log.Warn("the database is a file of this machine: nodes on other machines know nothing of what it holds, bans among it; give --database the URL of a PostgreSQL")
		}
		s.store, err = sealing(sqlite.Open(ctx, s.cfg.File(), s.own.Audit))(s.cfg)
		return err
	}
	if err := checkTables(ctx, s.cfg.Database); errors.Is(err, sqldb.ErrBehind) {
		return fmt.Errorf("--database: %w", err)
	} else if err != nil {
		s.log.Warn("the database is away: chats go on, nothing is stored", "err", err)
	}
	s.store, err = sealing(postgres.Open(s.cfg.Database, s.own.Audit))(s.cfg)
	return err
}

// sealing puts seals around the evidence of a store that was opened.
func sealing(db store.Store, err error) func(config.Config) (store.Store, error) {
	return func(cfg config.Config) (store.Store, error) {
		if err != nil {
			return nil, err
		}
		keys, err := sealed.ParseKeys(cfg.EvidenceKeys) // checked by Validate
		return sealed.New(db, keys), err
	}
}

func checkTables(ctx context.Context, url string) error {
	m, closing, err := postgres.Migrations(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(m.Check(ctx), closing())
}

// migrations opens the steps of the configured database.
func migrations(ctx context.Context, cfg config.Config) (*sqldb.Migrations, func() error, error) {
	if cfg.Postgres() {
		return postgres.Migrations(ctx, cfg.Database)
	}
	return sqlite.Migrations(ctx, cfg.File())
}

// tendDatabase purges what is too old, and looks whether the database answers, until ctx is over.
func (s *Server) tendDatabase(ctx context.Context) error {
	up := promauto.With(s.registry).NewGauge(prometheus.GaugeOpts{Name: "passerby_database_up", Help: "1 while the database answers."})
	purged := promauto.With(s.registry).NewCounter(prometheus.CounterOpts{Name: "passerby_purged_rows_total", Help: "Rows that were too old to be kept."})
	purge, look := time.NewTicker(purgeEvery), time.NewTicker(databaseLook)
	defer purge.Stop()
	defer look.Stop()
	for first := true; ; first = false {
		if first {
			s.look(ctx, up)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			s.look(ctx, up)
		case <-purge.C:
			n, err := s.store.Purge(ctx, retention(s.cfg.Retain), time.Now(), purgeRows)
			purged.Add(float64(n.Sum()))
			if err != nil && ctx.Err() == nil {
				s.log.Warn("purge", "err", err)
			}
		}
	}
}

func (s *Server) look(ctx context.Context, up prometheus.Gauge) {
	err := s.store.Ping(ctx)
	if ctx.Err() != nil {
		return
	}
	if was := s.databaseAway.Swap(err != nil); err != nil {
		up.Set(0)
		if !was {
			s.log.Warn("the database is away: chats go on; what should be stored is buffered, then dropped", "err", postgres.Explain(err))
		}
	} else {
		up.Set(1)
		if was {
			s.log.Info("the database is back")
		}
	}
}

func retention(r config.Retain) store.Retention {
	return store.Retention{Chats: r.Chats, Networks: r.Networks, Users: r.Users, Reports: r.Reports, Bans: r.Bans, Appeals: r.Appeals, Notices: r.Notices}
}
