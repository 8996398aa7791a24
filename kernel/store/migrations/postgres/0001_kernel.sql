-- The ledger: one row a commit, numbered from 1 without gaps. Rows that a commit
-- opened in r_<entity> have _rid from rid_from to rid_to (0, 0: none), so no index
-- on _from is needed. hash = SM3(prev, every other column), digest = SM3 over the
-- rows opened and closed; see kernel/ledger/hash.go.
CREATE TABLE commit_log (
  seq       BIGINT PRIMARY KEY,
  id        TEXT COLLATE "C" NOT NULL UNIQUE,    -- given by the caller: a repeated commit is the same commit
  at        TEXT COLLATE "C" NOT NULL,           -- RFC 3339, UTC
  actor     TEXT COLLATE "C" NOT NULL,
  role      TEXT COLLATE "C" NOT NULL,
  org       TEXT COLLATE "C" NOT NULL,
  entity    TEXT COLLATE "C" NOT NULL,
  reason    TEXT COLLATE "C" NOT NULL,
  undo_of   BIGINT NOT NULL,        -- seq of the commit this one takes back, 0 if none
  file      TEXT COLLATE "C" NOT NULL,           -- SHA-256 of the source file, '' for a form or the machine
  file_name TEXT COLLATE "C" NOT NULL,
  file_size BIGINT NOT NULL,
  catalog   TEXT COLLATE "C" NOT NULL,           -- catalog version
  attested  BIGINT NOT NULL,        -- yyyymmdd or 0
  "rows"    BIGINT NOT NULL,
  new       BIGINT NOT NULL,
  changed   BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  refused   BIGINT NOT NULL,
  closed    BIGINT NOT NULL,        -- versions closed
  verified  BIGINT NOT NULL,        -- unchanged rows whose attestation moved forward
  rid_from  BIGINT NOT NULL,
  rid_to    BIGINT NOT NULL,
  digest    BYTEA NOT NULL,
  prev      BYTEA NOT NULL,
  hash      BYTEA NOT NULL
);
CREATE INDEX commit_log_undo_of ON commit_log (undo_of) WHERE undo_of <> 0;
CREATE INDEX commit_log_entity ON commit_log (entity, seq);

-- The newest commit, kept beside the log so that commits cut off its end show.
CREATE TABLE head (
  one  BIGINT PRIMARY KEY CHECK (one = 1),
  seq  BIGINT NOT NULL,
  hash BYTEA NOT NULL
);

-- A seal is a moment of the ledger: head is the hash of commit seq, hash =
-- SM3(hash of the seal before, every other column).
CREATE TABLE seal (
  n      BIGINT PRIMARY KEY,
  id     TEXT COLLATE "C" NOT NULL UNIQUE,       -- S000001
  seq    BIGINT NOT NULL,
  at     TEXT COLLATE "C" NOT NULL,
  signer TEXT COLLATE "C" NOT NULL,
  role   TEXT COLLATE "C" NOT NULL,
  org    TEXT COLLATE "C" NOT NULL,
  note   TEXT COLLATE "C" NOT NULL,
  head   BYTEA NOT NULL,
  prev   BYTEA NOT NULL,
  hash   BYTEA NOT NULL
);

-- Last _rid given out per entity, and other single values of the kernel.
CREATE TABLE setting (
  key   TEXT COLLATE "C" PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
);

-- Files handed in. The bytes lie in files/ of the data folder under their SHA-256.
CREATE TABLE file (
  sha256 TEXT COLLATE "C" PRIMARY KEY,
  name   TEXT COLLATE "C" NOT NULL,
  size   BIGINT NOT NULL,
  at     TEXT COLLATE "C" NOT NULL
);

-- Uploads waiting for a person's word, and what they would do.
CREATE TABLE upload (
  id        TEXT COLLATE "C" PRIMARY KEY,
  entity    TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C" NOT NULL,
  sha256    TEXT COLLATE "C" NOT NULL,
  size      BIGINT NOT NULL,
  attested  BIGINT NOT NULL,
  reason    TEXT COLLATE "C" NOT NULL,
  actor     TEXT COLLATE "C" NOT NULL,
  role      TEXT COLLATE "C" NOT NULL,
  org       TEXT COLLATE "C" NOT NULL,
  created   TEXT COLLATE "C" NOT NULL,
  state     TEXT COLLATE "C" NOT NULL,
  stage     TEXT COLLATE "C" NOT NULL,           -- progress: what is being done
  done      BIGINT NOT NULL,
  total     BIGINT NOT NULL,
  "rows"    BIGINT NOT NULL,
  new       BIGINT NOT NULL,
  changed   BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  refused   BIGINT NOT NULL,
  seq       BIGINT NOT NULL,
  error     TEXT COLLATE "C" NOT NULL            -- JSON {"zh","en"} or ''
);
CREATE INDEX upload_created ON upload (created);

CREATE TABLE upload_row (
  upload  TEXT COLLATE "C" NOT NULL,
  n       BIGINT NOT NULL,          -- position in the upload, from 0
  line    BIGINT NOT NULL,          -- row as the sheet shows it
  verdict TEXT COLLATE "C" NOT NULL,
  label   TEXT COLLATE "C" NOT NULL,
  detail  TEXT COLLATE "C" NOT NULL,             -- JSON: changes and faults
  PRIMARY KEY (upload, n)
);
CREATE INDEX upload_row_verdict ON upload_row (upload, verdict, n);

-- Figures of a seal. by_key is the cut in canonical form: "area=410311&stage=X",
-- dims sorted, '' for the total. num and den are scaled by 10^num_scale, 10^den_scale.
CREATE TABLE figure (
  seal         TEXT COLLATE "C" NOT NULL,
  indicator    TEXT COLLATE "C" NOT NULL,
  year         BIGINT NOT NULL,
  by_key       TEXT COLLATE "C" NOT NULL,
  num          BIGINT NOT NULL,
  den          BIGINT NOT NULL,
  num_scale    BIGINT NOT NULL,
  den_scale    BIGINT NOT NULL,
  value        DOUBLE PRECISION,
  n            BIGINT NOT NULL,
  verified_num BIGINT NOT NULL,
  verified_den BIGINT NOT NULL,
  PRIMARY KEY (seal, indicator, year, by_key)
);
CREATE INDEX figure_cut ON figure (seal, year, by_key);

CREATE TABLE account (
  name       TEXT COLLATE "C" PRIMARY KEY,
  display_zh TEXT COLLATE "C" NOT NULL,
  display_en TEXT COLLATE "C" NOT NULL,
  role       TEXT COLLATE "C" NOT NULL,
  org        TEXT COLLATE "C" NOT NULL,
  hash       TEXT COLLATE "C" NOT NULL,          -- argon2id, PHC string
  disabled   BIGINT NOT NULL,
  created    TEXT COLLATE "C" NOT NULL
);

CREATE TABLE session (
  hash    TEXT COLLATE "C" PRIMARY KEY,          -- hash of the token, never the token
  account TEXT COLLATE "C" NOT NULL,
  created BIGINT NOT NULL,          -- seconds since 1970
  seen    BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
