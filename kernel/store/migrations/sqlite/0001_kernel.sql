-- The ledger: one row a commit, numbered from 1 without gaps. Rows that a commit
-- opened in r_<entity> have _rid from rid_from to rid_to (0, 0: none), so no index
-- on _from is needed. hash = SM3(prev, every other column), digest = SM3 over the
-- rows opened and closed; see kernel/ledger/hash.go.
CREATE TABLE commit_log (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,    -- given by the caller: a repeated commit is the same commit
  at        TEXT NOT NULL,           -- RFC 3339, UTC
  actor     TEXT NOT NULL,
  role      TEXT NOT NULL,
  org       TEXT NOT NULL,
  entity    TEXT NOT NULL,
  reason    TEXT NOT NULL,
  undo_of   INTEGER NOT NULL,        -- seq of the commit this one takes back, 0 if none
  file      TEXT NOT NULL,           -- SHA-256 of the source file, '' for a form or the machine
  file_name TEXT NOT NULL,
  file_size INTEGER NOT NULL,
  catalog   TEXT NOT NULL,           -- catalog version
  attested  INTEGER NOT NULL,        -- yyyymmdd or 0
  "rows"    INTEGER NOT NULL,
  new       INTEGER NOT NULL,
  changed   INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  closed    INTEGER NOT NULL,        -- versions closed
  verified  INTEGER NOT NULL,        -- unchanged rows whose attestation moved forward
  rid_from  INTEGER NOT NULL,
  rid_to    INTEGER NOT NULL,
  digest    BLOB NOT NULL,
  prev      BLOB NOT NULL,
  hash      BLOB NOT NULL
) STRICT;
CREATE INDEX commit_log_undo_of ON commit_log (undo_of) WHERE undo_of <> 0;
CREATE INDEX commit_log_entity ON commit_log (entity, seq);

-- The newest commit, kept beside the log so that commits cut off its end show.
CREATE TABLE head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  seq  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;

-- A seal is a moment of the ledger: head is the hash of commit seq, hash =
-- SM3(hash of the seal before, every other column).
CREATE TABLE seal (
  n      INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,       -- S000001
  seq    INTEGER NOT NULL,
  at     TEXT NOT NULL,
  signer TEXT NOT NULL,
  role   TEXT NOT NULL,
  org    TEXT NOT NULL,
  note   TEXT NOT NULL,
  head   BLOB NOT NULL,
  prev   BLOB NOT NULL,
  hash   BLOB NOT NULL
) STRICT;

-- Last _rid given out per entity, and other single values of the kernel.
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- Files handed in. The bytes lie in files/ of the data folder under their SHA-256.
CREATE TABLE file (
  sha256 TEXT PRIMARY KEY,
  name   TEXT NOT NULL,
  size   INTEGER NOT NULL,
  at     TEXT NOT NULL
) STRICT;

-- Uploads waiting for a person's word, and what they would do.
CREATE TABLE upload (
  id        TEXT PRIMARY KEY,
  entity    TEXT NOT NULL,
  name      TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  size      INTEGER NOT NULL,
  attested  INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  actor     TEXT NOT NULL,
  role      TEXT NOT NULL,
  org       TEXT NOT NULL,
  created   TEXT NOT NULL,
  state     TEXT NOT NULL,
  stage     TEXT NOT NULL,           -- progress: what is being done
  done      INTEGER NOT NULL,
  total     INTEGER NOT NULL,
  "rows"    INTEGER NOT NULL,
  new       INTEGER NOT NULL,
  changed   INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  error     TEXT NOT NULL            -- JSON {"zh","en"} or ''
) STRICT;
CREATE INDEX upload_created ON upload (created);

CREATE TABLE upload_row (
  upload  TEXT NOT NULL,
  n       INTEGER NOT NULL,          -- position in the upload, from 0
  line    INTEGER NOT NULL,          -- row as the sheet shows it
  verdict TEXT NOT NULL,
  label   TEXT NOT NULL,
  detail  TEXT NOT NULL,             -- JSON: changes and faults
  PRIMARY KEY (upload, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_row_verdict ON upload_row (upload, verdict, n);

-- Figures of a seal. by_key is the cut in canonical form: "area=410311&stage=X",
-- dims sorted, '' for the total. num and den are scaled by 10^num_scale, 10^den_scale.
CREATE TABLE figure (
  seal         TEXT NOT NULL,
  indicator    TEXT NOT NULL,
  year         INTEGER NOT NULL,
  by_key       TEXT NOT NULL,
  num          INTEGER NOT NULL,
  den          INTEGER NOT NULL,
  num_scale    INTEGER NOT NULL,
  den_scale    INTEGER NOT NULL,
  value        REAL,
  n            INTEGER NOT NULL,
  verified_num INTEGER NOT NULL,
  verified_den INTEGER NOT NULL,
  PRIMARY KEY (seal, indicator, year, by_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX figure_cut ON figure (seal, year, by_key);

CREATE TABLE account (
  name       TEXT PRIMARY KEY,
  display_zh TEXT NOT NULL,
  display_en TEXT NOT NULL,
  role       TEXT NOT NULL,
  org        TEXT NOT NULL,
  hash       TEXT NOT NULL,          -- argon2id, PHC string
  disabled   INTEGER NOT NULL,
  created    TEXT NOT NULL
) STRICT;

CREATE TABLE session (
  hash    TEXT PRIMARY KEY,          -- hash of the token, never the token
  account TEXT NOT NULL,
  created INTEGER NOT NULL,          -- seconds since 1970
  seen    INTEGER NOT NULL
) STRICT;
CREATE INDEX session_account ON session (account);
