-- Keys of data at rest. A database knows the keys it belongs to by values that
-- tell nothing of them: vault is the index key's, vault_key those of data keys
-- that something may be sealed with.
CREATE TABLE vault (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  city TEXT NOT NULL,
  mark TEXT NOT NULL
) STRICT;
CREATE TABLE vault_key (
  number INTEGER PRIMARY KEY,
  mark   TEXT NOT NULL
) STRICT;

-- How the fields of r_<entity> lie: clear, hidden or token. n is the field's
-- number in envelopes and never changes.
CREATE TABLE vault_field (
  entity TEXT NOT NULL,
  n      INTEGER NOT NULL,
  field  TEXT NOT NULL,
  form   TEXT NOT NULL,
  PRIMARY KEY (entity, n)
) STRICT;

-- since: commits up to this one took the plain hash of rows; keyed: rows have the
-- keyed one; next: the forms that a walk in progress is bringing about, up to
-- version done; '' when there is none.
CREATE TABLE vault_entity (
  entity TEXT PRIMARY KEY,
  since  INTEGER NOT NULL,
  keyed  INTEGER NOT NULL,
  next   TEXT NOT NULL,
  done   INTEGER NOT NULL
) STRICT;

-- The keys of an alias where they are sealed; the columns have their tokens then.
ALTER TABLE alias ADD COLUMN clear TEXT NOT NULL DEFAULT '';

-- Whether a row's detail, which is sealed, has faults.
ALTER TABLE upload_row ADD COLUMN faulty INTEGER NOT NULL DEFAULT 0;
