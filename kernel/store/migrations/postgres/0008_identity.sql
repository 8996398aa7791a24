-- Likely duplicates: two records of one entity, rec_a < rec_b, and what was decided.
-- trace is JSON: per field its level and weight, never a value. orgs are the
-- organisations that held the records when the pair was found.
CREATE TABLE duplicate (
  id          TEXT COLLATE "C" PRIMARY KEY,
  entity      TEXT COLLATE "C" NOT NULL,
  rec_a       BIGINT NOT NULL,
  rec_b       BIGINT NOT NULL,
  org_a       TEXT COLLATE "C" NOT NULL,
  org_b       TEXT COLLATE "C" NOT NULL,
  weight      DOUBLE PRECISION NOT NULL,              -- bits
  probability DOUBLE PRECISION NOT NULL,
  verdict     TEXT COLLATE "C" NOT NULL,              -- match possible exact
  caution     TEXT COLLATE "C" NOT NULL,
  trace       TEXT COLLATE "C" NOT NULL,
  found       BIGINT NOT NULL,           -- seconds since 1970
  state       TEXT COLLATE "C" NOT NULL,              -- open unsure different merged gone
  revision    BIGINT NOT NULL,
  by_whom     TEXT COLLATE "C" NOT NULL,
  at          BIGINT NOT NULL,
  note        TEXT COLLATE "C" NOT NULL,
  survivor    BIGINT NOT NULL,           -- rec that was kept, 0 while not merged
  seqs        TEXT COLLATE "C" NOT NULL,              -- commits of the merge, comma-separated
  UNIQUE (entity, rec_a, rec_b)
);
CREATE INDEX duplicate_state ON duplicate (entity, state, probability);
CREATE INDEX duplicate_b ON duplicate (entity, rec_b);
