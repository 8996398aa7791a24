package audit_test

import (
	"testing"

	"luoshu/kernel/audit"
	"luoshu/kernel/store"
)

// The person concerned is told of every opening, however many there were.
func TestReadsAreWhole(t *testing.T) {
	dbs.Each(t, func(t *testing.T, c store.Config) {
		b := open(t, c)
		const n = 1234
		for range n {
			b.log.Note(b.ctx, audit.Event{Kind: audit.KindReveal, Entity: "member", Rec: 7, Field: "id_no"})
		}
		b.log.Note(b.ctx, audit.Event{Kind: audit.KindReveal, Entity: "member", Rec: 7, Field: "id_no", Outcome: audit.Refused})
		b.must(b.log.Sync(b.ctx))
		reads, err := b.log.Reads(b.ctx, "member", 7)
		if err != nil || len(reads) != n || reads[0].Seq != n || reads[n-1].Seq != 1 {
			t.Errorf("%d of %d openings: %v", len(reads), n, err)
		}
	})
}
