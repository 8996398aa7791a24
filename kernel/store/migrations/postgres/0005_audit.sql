-- The audit log: who did what, chained. hash = SM3(prev, every other column); see
-- kernel/audit/chain.go. Names of fields and numbers of records stand here, values
-- never. A log that was cut at its head goes on after the newest audit_anchor.
CREATE TABLE audit (
  seq     BIGINT PRIMARY KEY,
  at      TEXT COLLATE "C" NOT NULL,             -- RFC 3339, UTC, milliseconds
  person  TEXT COLLATE "C" NOT NULL,             -- account, '' for nobody
  role    TEXT COLLATE "C" NOT NULL,
  org     TEXT COLLATE "C" NOT NULL,
  session TEXT COLLATE "C" NOT NULL,             -- digest of the session or token, never itself
  address TEXT COLLATE "C" NOT NULL,
  request TEXT COLLATE "C" NOT NULL,             -- id that the server's own log carries too
  kind    TEXT COLLATE "C" NOT NULL,
  entity  TEXT COLLATE "C" NOT NULL,
  rec     BIGINT NOT NULL,             -- record number, 0 if none
  field   TEXT COLLATE "C" NOT NULL,
  object  TEXT COLLATE "C" NOT NULL,             -- commit, upload, route: what else was acted on
  outcome TEXT COLLATE "C" NOT NULL,             -- done refused failed
  reason  TEXT COLLATE "C" NOT NULL,             -- what the person gave as the reason
  times   BIGINT NOT NULL,             -- how many like it this entry stands for
  prev    BYTEA NOT NULL,
  hash    BYTEA NOT NULL
);
CREATE INDEX audit_person ON audit (person, seq);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_kind ON audit (kind, seq);
CREATE INDEX audit_record ON audit (entity, rec, seq) WHERE rec <> 0;

-- The newest entry, kept beside the log so that entries cut off its end show.
CREATE TABLE audit_head (
  one  BIGINT PRIMARY KEY CHECK (one = 1),
  seq  BIGINT NOT NULL,
  hash BYTEA NOT NULL
);

-- Where the log was cut at its head: entries up to seq lie in the file whose SM3
-- stands here, signed with the key named. The cut itself is an entry of the log.
CREATE TABLE audit_anchor (
  seq    BIGINT PRIMARY KEY,
  hash   BYTEA NOT NULL,
  at     TEXT COLLATE "C" NOT NULL,
  digest TEXT COLLATE "C" NOT NULL,
  signer TEXT COLLATE "C" NOT NULL
);
