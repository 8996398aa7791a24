-- Cases: the plan loop (docs/flow.md). flow_type keeps the definition under which
-- cases run, by the digest of its text.
CREATE TABLE flow_type (
  digest  TEXT PRIMARY KEY,
  type    TEXT NOT NULL,
  pack    TEXT NOT NULL,
  version TEXT NOT NULL,
  text    TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;

-- The numbers given out, by type and year.
CREATE TABLE flow_number (
  type TEXT NOT NULL,
  year INTEGER NOT NULL,
  n    INTEGER NOT NULL,
  PRIMARY KEY (type, year)
) STRICT;

-- One row a case; what it says lies in its register, under its number. same is the
-- key by which it is recognised when it comes back; counts is visit or task where
-- it burdens the unit; raised counts how often the present state was escalated,
-- reminded how many reminders of it were made.
CREATE TABLE flow_case (
  id       INTEGER PRIMARY KEY,
  no       TEXT NOT NULL UNIQUE,
  type     TEXT NOT NULL,
  digest   TEXT NOT NULL,
  entity   TEXT NOT NULL,
  rec      INTEGER NOT NULL,
  unit     TEXT NOT NULL,
  opener   TEXT NOT NULL,             -- organisation
  account  TEXT NOT NULL,             -- who opened it
  act      TEXT NOT NULL UNIQUE,      -- id of the opening, so that it happens once
  state    TEXT NOT NULL,
  step     INTEGER NOT NULL,
  level    INTEGER NOT NULL,          -- times reopened
  opened   INTEGER NOT NULL,          -- yyyymmdd
  entered  INTEGER NOT NULL,          -- yyyymmdd on which the state was entered
  due      INTEGER NOT NULL,          -- yyyymmdd, 0 without a clock
  closed   INTEGER NOT NULL,          -- yyyymmdd, 0 while it goes on
  parent   INTEGER NOT NULL,
  same     TEXT NOT NULL,
  counts   TEXT NOT NULL,
  raised   INTEGER NOT NULL,
  reminded INTEGER NOT NULL
) STRICT;
CREATE INDEX flow_case_type ON flow_case (type, closed, id);
CREATE INDEX flow_case_unit ON flow_case (unit, id);
CREATE INDEX flow_case_opener ON flow_case (opener, id);
CREATE INDEX flow_case_due ON flow_case (due, id) WHERE closed = 0 AND due > 0;
CREATE INDEX flow_case_parent ON flow_case (parent, closed) WHERE parent > 0;
CREATE INDEX flow_case_same ON flow_case (same, closed) WHERE same <> '';
CREATE INDEX flow_case_counts ON flow_case (unit, counts, opened) WHERE counts <> '';
CREATE INDEX flow_case_running ON flow_case (digest) WHERE closed = 0;

-- The timeline. hash is SM3 of what was said and handed in; it also stands in the
-- reason of the commit seq. act is the id that the caller gave, so that a step
-- happens once; signed is the place that signed, -1 for none.
CREATE TABLE flow_step (
  case_id INTEGER NOT NULL,
  step    INTEGER NOT NULL,
  at      TEXT NOT NULL,
  day     INTEGER NOT NULL,
  account TEXT NOT NULL,
  role    TEXT NOT NULL,
  org     TEXT NOT NULL,
  action  TEXT NOT NULL,
  was     TEXT NOT NULL,
  state   TEXT NOT NULL,
  note    TEXT NOT NULL,
  missing TEXT NOT NULL,              -- JSON list of what was found missing, '' for none
  signed  INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  hash    TEXT NOT NULL,
  act     TEXT NOT NULL,
  PRIMARY KEY (case_id, step)
) STRICT;
CREATE UNIQUE INDEX flow_step_act ON flow_step (act) WHERE act <> '';
CREATE INDEX flow_step_who ON flow_step (org, day);

-- Who may act in a case now: a row each organisation and role. place is the
-- position among the signers, 0 for the actor; those a task was raised to have the
-- place of the one they stand in for.
CREATE TABLE flow_task (
  case_id INTEGER NOT NULL,
  place   INTEGER NOT NULL,
  org     TEXT NOT NULL,
  role    TEXT NOT NULL,
  due     INTEGER NOT NULL,           -- yyyymmdd; 99991231 without a clock, so that order is one range
  unheld  INTEGER NOT NULL,           -- 1: nobody holds the role there
  taken   TEXT NOT NULL,              -- account that took it, '' for none
  PRIMARY KEY (case_id, place, org, role)
) STRICT;
CREATE INDEX flow_task_inbox ON flow_task (org, role, due, case_id);

-- What was handed in; case_id is 0 until an act of the same account names it.
CREATE TABLE flow_paper (
  id      TEXT PRIMARY KEY,
  case_id INTEGER NOT NULL,
  step    INTEGER NOT NULL,
  sha256  TEXT NOT NULL,
  name    TEXT NOT NULL,
  kind    TEXT NOT NULL,
  size    INTEGER NOT NULL,
  account TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;
CREATE INDEX flow_paper_case ON flow_paper (case_id);

-- Consents: a code covers the organisations at and under org between two days.
CREATE TABLE permit (
  code     TEXT PRIMARY KEY,
  case_id  INTEGER NOT NULL,
  title    TEXT NOT NULL,
  issuer   TEXT NOT NULL,             -- organisation
  org      TEXT NOT NULL,
  from_day INTEGER NOT NULL,
  to_day   INTEGER NOT NULL,
  over_cap INTEGER NOT NULL,
  revoked  INTEGER NOT NULL           -- yyyymmdd, 0 while it holds
) STRICT;
CREATE INDEX permit_case ON permit (case_id);

-- What the public sees: written when the effect happened, never read through.
CREATE TABLE publication (
  id     INTEGER PRIMARY KEY,
  case_id INTEGER NOT NULL,
  type   TEXT NOT NULL,
  no     TEXT NOT NULL,
  label  TEXT NOT NULL,
  org    TEXT NOT NULL,
  body   TEXT NOT NULL,               -- JSON: titles and values
  digest TEXT NOT NULL,
  from_day INTEGER NOT NULL,
  to_day INTEGER NOT NULL             -- yyyymmdd from which it is no longer shown, 0 while it is
) STRICT;
CREATE INDEX publication_shown ON publication (type, to_day, id);
CREATE INDEX publication_case ON publication (case_id);

-- Notices to an organisation and role, each made once (mark).
CREATE TABLE notice (
  id      INTEGER PRIMARY KEY,
  mark    TEXT NOT NULL UNIQUE,
  org     TEXT NOT NULL,
  role    TEXT NOT NULL,
  case_id INTEGER NOT NULL,
  kind    TEXT NOT NULL,              -- due remind escalate unheld reopened told returned
  zh      TEXT NOT NULL,
  en      TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;
CREATE INDEX notice_for ON notice (org, role, id);

-- How far an account has read its notices, and how far they were sent by mail.
CREATE TABLE notice_read (
  account TEXT NOT NULL,
  org     TEXT NOT NULL,
  role    TEXT NOT NULL,
  upto    INTEGER NOT NULL,
  PRIMARY KEY (account, org, role)
) STRICT;

-- Whether somebody holds a role at an organisation.
CREATE INDEX role_grant_org ON role_grant (org, role);
