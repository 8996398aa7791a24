-- Likely duplicates: two records of one entity, rec_a < rec_b, and what was decided.
-- trace is JSON: per field its level and weight, never a value. orgs are the
-- organisations that held the records when the pair was found.
CREATE TABLE duplicate (
  id          TEXT PRIMARY KEY,
  entity      TEXT NOT NULL,
  rec_a       INTEGER NOT NULL,
  rec_b       INTEGER NOT NULL,
  org_a       TEXT NOT NULL,
  org_b       TEXT NOT NULL,
  weight      REAL NOT NULL,              -- bits
  probability REAL NOT NULL,
  verdict     TEXT NOT NULL,              -- match possible exact
  caution     TEXT NOT NULL,
  trace       TEXT NOT NULL,
  found       INTEGER NOT NULL,           -- seconds since 1970
  state       TEXT NOT NULL,              -- open unsure different merged gone
  revision    INTEGER NOT NULL,
  by_whom     TEXT NOT NULL,
  at          INTEGER NOT NULL,
  note        TEXT NOT NULL,
  survivor    INTEGER NOT NULL,           -- rec that was kept, 0 while not merged
  seqs        TEXT NOT NULL,              -- commits of the merge, comma-separated
  UNIQUE (entity, rec_a, rec_b)
) STRICT;
CREATE INDEX duplicate_state ON duplicate (entity, state, probability);
CREATE INDEX duplicate_b ON duplicate (entity, rec_b);
