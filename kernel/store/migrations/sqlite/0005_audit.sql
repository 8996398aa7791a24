-- The audit log: who did what, chained. hash = SM3(prev, every other column); see
-- kernel/audit/chain.go. Names of fields and numbers of records stand here, values
-- never. A log that was cut at its head goes on after the newest audit_anchor.
CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY,
  at      TEXT NOT NULL,             -- RFC 3339, UTC, milliseconds
  person  TEXT NOT NULL,             -- account, '' for nobody
  role    TEXT NOT NULL,
  org     TEXT NOT NULL,
  session TEXT NOT NULL,             -- digest of the session or token, never itself
  address TEXT NOT NULL,
  request TEXT NOT NULL,             -- id that the server's own log carries too
  kind    TEXT NOT NULL,
  entity  TEXT NOT NULL,
  rec     INTEGER NOT NULL,             -- record number, 0 if none
  field   TEXT NOT NULL,
  object  TEXT NOT NULL,             -- commit, upload, route: what else was acted on
  outcome TEXT NOT NULL,             -- done refused failed
  reason  TEXT NOT NULL,             -- what the person gave as the reason
  times   INTEGER NOT NULL,             -- how many like it this entry stands for
  prev    BLOB NOT NULL,
  hash    BLOB NOT NULL
) STRICT;
CREATE INDEX audit_person ON audit (person, seq);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_kind ON audit (kind, seq);
CREATE INDEX audit_record ON audit (entity, rec, seq) WHERE rec <> 0;

-- The newest entry, kept beside the log so that entries cut off its end show.
CREATE TABLE audit_head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

-- Where the log was cut at its head: entries up to seq lie in the file whose SM3
-- stands here, signed with the key named. The cut itself is an entry of the log.
CREATE TABLE audit_anchor (
  seq    INTEGER PRIMARY KEY,
  hash   BLOB NOT NULL,
  at     TEXT NOT NULL,
  digest TEXT NOT NULL,
  signer TEXT NOT NULL
) STRICT;
