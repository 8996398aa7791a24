-- Correction requests: a change that somebody other than the source asks for, or
-- (kind conflict) a change by a file of what was corrected by hand.
CREATE TABLE correction (
  id          INTEGER PRIMARY KEY,
  kind        TEXT NOT NULL,           -- request | conflict
  origin      TEXT NOT NULL,           -- file | form | verification | guardian
  entity      TEXT NOT NULL,
  rec         INTEGER NOT NULL,
  source      TEXT NOT NULL,           -- source of record, as the catalog writes it
  holder      TEXT NOT NULL,           -- organisation that holds the record
  org         TEXT NOT NULL,           -- organisation that answers
  asked       TEXT NOT NULL,           -- ',a,b,': org and those above it that it has risen to
  state       TEXT NOT NULL,           -- open | returned | carrying | accepted | rejected | withdrawn | taken | kept
  actor       TEXT NOT NULL,           -- who asks
  role        TEXT NOT NULL,
  actor_org   TEXT NOT NULL,
  at          TEXT NOT NULL,           -- RFC 3339, UTC
  since       INTEGER NOT NULL,        -- yyyymmdd the term runs from
  days        INTEGER NOT NULL,        -- the term in days
  due         INTEGER NOT NULL,        -- yyyymmdd
  remind      INTEGER NOT NULL,        -- days before due, 0 for never
  reminded    INTEGER NOT NULL,        -- the due date that was reminded of, 0 for none
  steps       INTEGER NOT NULL,        -- how often it has risen since `since`
  reason      TEXT NOT NULL,
  file        TEXT NOT NULL,           -- SHA-256 of the file it came from, '' for none
  file_name   TEXT NOT NULL,
  file_row    INTEGER NOT NULL,
  answered_by TEXT NOT NULL,
  answered_at TEXT NOT NULL,
  answer      TEXT NOT NULL,
  mark        TEXT NOT NULL,           -- id of the commit that carries it out
  seq         INTEGER NOT NULL         -- that commit, 0 if none
) STRICT;
CREATE INDEX correction_rec ON correction (entity, rec);
CREATE INDEX correction_state ON correction (state, due);
CREATE INDEX correction_actor ON correction (actor, id);

-- The values of a request: body holds the former and the wanted one, sealed.
CREATE TABLE correction_field (
  correction INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  field      TEXT NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (correction, n)
) STRICT, WITHOUT ROWID;

-- What happened to a request, in order.
CREATE TABLE correction_event (
  correction INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  at         TEXT NOT NULL,
  what       TEXT NOT NULL,            -- asked | returned | replied | reminded | risen | accepted | …
  actor      TEXT NOT NULL,
  org        TEXT NOT NULL,
  words      TEXT NOT NULL,
  PRIMARY KEY (correction, n)
) STRICT, WITHOUT ROWID;

-- Papers handed in as evidence. The bytes are among the files handed in.
CREATE TABLE correction_paper (
  id         TEXT PRIMARY KEY,         -- drawn at random
  correction INTEGER NOT NULL,         -- 0 until the request is made
  sha256     TEXT NOT NULL,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,            -- pdf | png | jpg | xlsx, by content
  size       INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  at         TEXT NOT NULL
) STRICT;
CREATE INDEX correction_paper_of ON correction_paper (correction);

-- Fields that were corrected by hand, by the id of the commit that did it: a row
-- counts once that commit is there and has not been taken back.
CREATE TABLE correction_hand (
  entity TEXT NOT NULL,
  rec    INTEGER NOT NULL,
  field  TEXT NOT NULL,
  mark   TEXT NOT NULL,
  actor  TEXT NOT NULL,
  org    TEXT NOT NULL,
  at     TEXT NOT NULL,
  PRIMARY KEY (entity, rec, field, mark)
) STRICT, WITHOUT ROWID;

ALTER TABLE upload ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE upload_row ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
