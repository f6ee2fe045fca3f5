package sqldb

import (
	"context"

	"passerby/internal/store"
)

const chatColumns = `id, mode, started, ended, reason, user_a, user_b, session_a, session_b, tags`

func readChat(scan func(...any) error) (c store.Chat, err error) {
	err = scan(&c.ID, &c.Mode, moment{&c.Started}, moment{&c.Ended}, &c.Reason, &c.Users[0], &c.Users[1], &c.Sessions[0], &c.Sessions[1], wordList{&c.Tags})
	return c, err
}

// SaveChats implements store.Chats.
func (d *DB) SaveChats(ctx context.Context, chats []store.Chat) error {
	return d.within(ctx, func(ctx context.Context, tx *DB) error {
		for _, c := range chats {
			_, err := tx.exec(ctx, `INSERT INTO chats (`+chatColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, reason = excluded.reason WHERE chats.ended = 0 AND excluded.ended <> 0`,
				c.ID, c.Mode, ms(c.Started), ms(c.Ended), c.Reason, c.Users[0], c.Users[1], c.Sessions[0], c.Sessions[1], words(c.Tags))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Chat implements store.Chats.
func (d *DB) Chat(ctx context.Context, id string) (store.Chat, error) {
	return get(ctx, d, readChat, `SELECT `+chatColumns+` FROM chats WHERE id = ?`, id)
}

// ChatsOf implements store.Chats.
func (d *DB) ChatsOf(ctx context.Context, user string, page store.Page) ([]store.Chat, error) {
	var w where
	w.add("(user_a = ? OR user_b = ?)", user, user)
	if page.Before != "" {
		w.add("(started, id) < (SELECT started, id FROM chats WHERE id = ?)", page.Before)
	}
	return list(ctx, d, readChat, `SELECT `+chatColumns+` FROM chats`+w.String()+` ORDER BY started DESC, id DESC LIMIT ?`, append(w.args, page.Rows())...)
}
