-- Keys of data at rest. A database knows the keys it belongs to by values that
-- tell nothing of them: vault is the index key's, vault_key those of data keys
-- that something may be sealed with.
CREATE TABLE vault (
  one  BIGINT PRIMARY KEY CHECK (one = 1),
  city TEXT COLLATE "C" NOT NULL,
  mark TEXT COLLATE "C" NOT NULL
);
CREATE TABLE vault_key (
  number BIGINT PRIMARY KEY,
  mark   TEXT COLLATE "C" NOT NULL
);

-- How the fields of r_<entity> lie: clear, hidden or token. n is the field's
-- number in envelopes and never changes.
CREATE TABLE vault_field (
  entity TEXT COLLATE "C" NOT NULL,
  n      BIGINT NOT NULL,
  field  TEXT COLLATE "C" NOT NULL,
  form   TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (entity, n)
);

-- since: commits up to this one took the plain hash of rows; keyed: rows have the
-- keyed one; next: the forms that a walk in progress is bringing about, up to
-- version done; '' when there is none.
CREATE TABLE vault_entity (
  entity TEXT COLLATE "C" PRIMARY KEY,
  since  BIGINT NOT NULL,
  keyed  BIGINT NOT NULL,
  next   TEXT COLLATE "C" NOT NULL,
  done   BIGINT NOT NULL
);

-- The keys of an alias where they are sealed; the columns have their tokens then.
ALTER TABLE alias ADD COLUMN clear TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Whether a row's detail, which is sealed, has faults.
ALTER TABLE upload_row ADD COLUMN faulty BIGINT NOT NULL DEFAULT 0;
