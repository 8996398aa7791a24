-- A case of moving a person: type is a change type of movement.yaml, rec the
-- person's record. giver and taker are organisations ('' where a side lies
-- outside the city); asked says who began: 'give', 'take', or 'own' where one
-- side acts alone. A case that is agreed is carried out by the next sweep, at the
-- latest on its day.
CREATE TABLE movement_case (
  n        INTEGER PRIMARY KEY,
  type     TEXT NOT NULL,
  rec      INTEGER NOT NULL,
  asked    TEXT NOT NULL,
  giver    TEXT NOT NULL,
  taker    TEXT NOT NULL,
  on_date  INTEGER NOT NULL,        -- yyyymmdd: the day from which it holds
  grade    TEXT NOT NULL,
  grp      TEXT NOT NULL,           -- class in which the person is placed
  place    TEXT NOT NULL,           -- outside the city: where to or from
  reason   TEXT NOT NULL,           -- code
  evidence TEXT NOT NULL,
  state    TEXT NOT NULL,           -- requested agreed done refused withdrawn
  at       TEXT NOT NULL,           -- RFC 3339, UTC
  day      INTEGER NOT NULL,        -- yyyymmdd on which it was begun
  account  TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX movement_case_one ON movement_case (rec) WHERE state IN ('requested', 'agreed');
CREATE INDEX movement_case_rec ON movement_case (rec);
CREATE INDEX movement_case_giver ON movement_case (giver, state);
CREATE INDEX movement_case_taker ON movement_case (taker, state);

-- What happened in a case. mark makes reminders and escalations happen once:
-- 'remind', 'escalate-1'…; acts of people have '#1', '#2'….
CREATE TABLE movement_event (
  n       INTEGER NOT NULL,
  mark    TEXT NOT NULL,
  k       INTEGER NOT NULL,         -- order within the case
  at      TEXT NOT NULL,
  day     INTEGER NOT NULL,
  account TEXT NOT NULL,
  role    TEXT NOT NULL,
  org     TEXT NOT NULL,
  act     TEXT NOT NULL,            -- requested agreed refused withdrawn done remind escalate stuck
  note    TEXT NOT NULL,
  PRIMARY KEY (n, mark)
) STRICT;

-- Requests for persons that named nobody: who guesses is slowed down.
CREATE TABLE movement_miss (
  at      INTEGER NOT NULL,         -- seconds since 1970
  account TEXT NOT NULL,
  org     TEXT NOT NULL
) STRICT;
CREATE INDEX movement_miss_account ON movement_miss (account, at);
CREATE INDEX movement_miss_org ON movement_miss (org, at);

-- What a holder decided about a person before the run at a year's end.
CREATE TABLE movement_exception (
  year    INTEGER NOT NULL,
  rec     INTEGER NOT NULL,
  act     TEXT NOT NULL,            -- promote repeat leave
  grp     TEXT NOT NULL,
  note    TEXT NOT NULL,
  at      TEXT NOT NULL,
  account TEXT NOT NULL,
  PRIMARY KEY (year, rec)
) STRICT;

-- Runs at a year's end. Their commits are found by their ids, run-<n>-….
CREATE TABLE movement_run (
  n       INTEGER PRIMARY KEY,
  year    INTEGER NOT NULL,
  state   TEXT NOT NULL,            -- running done stopped undone
  org     TEXT NOT NULL,            -- the organisation under which it runs
  at      TEXT NOT NULL,
  account TEXT NOT NULL,
  ended   TEXT NOT NULL,
  units   INTEGER NOT NULL,         -- organisations done
  persons INTEGER NOT NULL          -- persons moved
) STRICT;

-- Changes of organisations: planned until their day, then done. Their commits are
-- found by their ids, life-<n>-….
CREATE TABLE movement_act (
  n       INTEGER PRIMARY KEY,
  act     TEXT NOT NULL,            -- of movement.yaml
  org     TEXT NOT NULL,
  on_date INTEGER NOT NULL,
  body    TEXT NOT NULL,            -- JSON: what is asked for
  state   TEXT NOT NULL,            -- planned done undone withdrawn
  at      TEXT NOT NULL,
  account TEXT NOT NULL,
  role    TEXT NOT NULL,
  by_org  TEXT NOT NULL,
  ended   TEXT NOT NULL
) STRICT;
CREATE INDEX movement_act_org ON movement_act (org, on_date);
