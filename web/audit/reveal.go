package audit

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"luoshu"
	"luoshu/kernel/audit"
	"luoshu/kernel/disclose"

	"luoshu/web/kit"
)

// A reason is a sentence, not a keystroke.
const (
	reasonLeast = 4
	reasonMost  = 200
	// shownFor is how long pages leave an opened value on the screen, in seconds.
	shownFor = 30
)

type revealBody struct {
	*disclose.Revealed
	Seconds int   `json:"seconds"` // how long a page shows it
	Left    int64 `json:"left"`    // how many more may be opened today
}

// reveal opens one masked field of one record. The entry of the read log is on
// disk before the value leaves; the limit a day is counted in its transaction.
func (c Config) reveal(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Field, Reason string }
	if err := kit.ReadJSON(r, &in); err != nil {
		return err
	}
	reason := strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(reason); n < reasonLeast || n > reasonMost {
		return &luoshu.Error{Kind: luoshu.Invalid, Field: "reason", Msg: luoshu.Text{
			ZH: "请写明为何要看（4 至 200 字）", EN: "say why you need to see it (4 to 200 characters)",
		}}
	}
	rec, err := kit.PathNumber(r, "rec")
	if err != nil {
		return err
	}
	now := c.Now()
	most, err := whole(c.Catalog, paramReveal, now)
	if err != nil {
		return err
	}
	entity, t := r.PathValue("entity"), kit.Marks(r)
	if e := c.Catalog.Entity(entity); e != nil && e.Field(in.Field) != nil {
		t.Field = in.Field // a name of the catalog, not whatever was sent
	}
	y, m, d := now.Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	shown, err := c.Door.Reveal(r.Context(), kit.Actor(r), entity, rec, in.Field, func(ctx context.Context) error {
		e := t.Event
		e.Kind, e.Entity, e.Rec, e.Field, e.Reason, e.Object = audit.KindReveal, entity, rec, in.Field, reason, ""
		return c.Log.Within(ctx, e, &audit.Limit{Most: most, Since: day})
	})
	var over *audit.LimitError
	if errors.As(err, &over) {
		t.Noted = true
		return &kit.TooMany{
			Seconds: int(math.Ceil(day.AddDate(0, 0, 1).Sub(now).Seconds())),
			Msg:     luoshu.Errorf(luoshu.Denied, "今天已打开 %d 个值，到了上限；如确有需要请找上级", "you have opened %d values today, which is the most; ask your superior if you need more", over.Most).Msg,
		}
	}
	if err != nil {
		return err
	}
	t.Noted = true
	w.Header().Set("Cache-Control", "no-store")
	left, err := c.left(r.Context(), kit.Actor(r).Name, day, most)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, revealBody{shown, shownFor, left})
}

func (c Config) left(ctx context.Context, person string, day time.Time, most int64) (int64, error) {
	n, err := c.Log.Count(ctx, person, audit.KindReveal, day)
	return max(most-n, 0), err
}

// Read is one opening of a value, as the person concerned may be told.
type Read struct {
	Seq       int64       `json:"seq"`
	At        string      `json:"at"`
	Person    string      `json:"person"`
	RoleTitle luoshu.Text `json:"role_title"`
	OrgTitle  luoshu.Text `json:"org_title"`
	Field     luoshu.Text `json:"field"`
	Reason    string      `json:"reason"`
}

// ReadLog is who opened values of a record, newest first. The caller has decided
// that the answer may go to whoever asks: the record's holder, or the person
// concerned by a one-time link.
func (c Config) ReadLog(ctx context.Context, entity string, rec int64) ([]Read, error) {
	out := []Read{}
	e := c.Catalog.Entity(entity)
	if e == nil {
		return out, nil
	}
	found, err := c.Log.Reads(ctx, entity, rec)
	if err != nil {
		return nil, err
	}
	for i := range found {
		x := &found[i]
		n := Read{Seq: x.Seq, At: x.At.UTC().Format(time.RFC3339), Person: x.Actor.Name, Reason: x.Reason, Field: luoshu.Text{ZH: x.Field, EN: x.Field}}
		if f := e.Field(x.Field); f != nil {
			n.Field = f.Title
		}
		if n.RoleTitle, n.OrgTitle, err = c.who(ctx, x); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// reads answers the read log of a record to those who answer for it.
func (c Config) reads(w http.ResponseWriter, r *http.Request) error {
	rec, err := kit.PathNumber(r, "rec")
	if err != nil {
		return err
	}
	entity := r.PathValue("entity")
	if err := c.Door.Answerable(r.Context(), kit.Actor(r), entity, rec); err != nil {
		return err
	}
	rows, err := c.ReadLog(r.Context(), entity, rec)
	if err != nil {
		return err
	}
	return kit.WriteJSON(w, r, map[string]any{"rows": rows})
}
