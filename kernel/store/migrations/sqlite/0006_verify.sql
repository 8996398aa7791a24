-- Rounds of verification, their answers, spot checks and one-time links; findings
-- of set rules. Days are yyyymmdd, moments RFC 3339 in UTC.

-- One round that was opened. seq is the commit of the ledger at which its records
-- were counted. seed is published when the spot check is drawn: SM3 of the id and
-- of head, the hash of the ledger's newest commit at that moment.
CREATE TABLE round (
  n          INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  spec       TEXT NOT NULL,           -- id in rounds.yaml
  year       INTEGER NOT NULL,
  org        TEXT NOT NULL,           -- it covers what lies under this organisation
  seq        INTEGER NOT NULL,
  state      TEXT NOT NULL,           -- open, checking, closed
  opened_on  INTEGER NOT NULL,
  opened_at  TEXT NOT NULL,
  opened_by  TEXT NOT NULL,
  due        INTEGER NOT NULL,
  head       TEXT NOT NULL,
  seed       TEXT NOT NULL,
  closed_at  TEXT NOT NULL,
  closed_by  TEXT NOT NULL,
  seal       TEXT NOT NULL,
  note       TEXT NOT NULL,
  overdue    INTEGER NOT NULL         -- units that had not answered when it closed
) STRICT;

-- What one organisation has to answer for one entity. listed: every record counted
-- at the opening is confirmed but those in round_answer with another answer.
CREATE TABLE round_task (
  id        INTEGER PRIMARY KEY,
  round     INTEGER NOT NULL,
  entity    TEXT NOT NULL,
  org       TEXT NOT NULL,
  unit      TEXT NOT NULL,            -- organisation that spot-checks it, "" for none
  total     INTEGER NOT NULL,
  listed    INTEGER NOT NULL,
  rev       INTEGER NOT NULL,         -- grows with every act; whoever comes second is told
  due       INTEGER NOT NULL,
  returned  INTEGER NOT NULL,         -- times it was given back after a spot check
  done_on   INTEGER NOT NULL,         -- day of the last answer after which nothing was open, 0 before
  UNIQUE (round, entity, org)
) STRICT;
CREATE INDEX round_task_org ON round_task (org, round);

-- Answers by record: confirm, correct, dispute, cannot; again: it changed after it
-- was shown and must be looked at once more; gone: no longer held here.
CREATE TABLE round_answer (
  task     INTEGER NOT NULL,
  rec      INTEGER NOT NULL,
  rid      INTEGER NOT NULL,          -- version that was answered
  kind     TEXT NOT NULL,
  note     TEXT NOT NULL,
  requests TEXT NOT NULL,             -- numbers of correction requests, comma-separated
  by_name  TEXT NOT NULL,
  by_link  INTEGER NOT NULL,          -- answered by a one-time link
  at       TEXT NOT NULL,
  PRIMARY KEY (task, rec)
) STRICT, WITHOUT ROWID;
CREATE INDEX round_answer_rec ON round_answer (rec);

-- Acts of confirming, so that one cut off half-way is completed: the attestation
-- in the ledger has the same id.
CREATE TABLE round_act (
  id       TEXT PRIMARY KEY,
  task     INTEGER NOT NULL,
  actor    TEXT NOT NULL,             -- JSON
  seen     INTEGER NOT NULL,          -- commit up to which the records had been shown
  recs     TEXT NOT NULL,             -- "" for the list, else numbers of records, comma-separated
  on_date  INTEGER NOT NULL,
  at       TEXT NOT NULL,
  done     INTEGER NOT NULL,
  records  INTEGER NOT NULL,
  seq      INTEGER NOT NULL           -- commit of the attestation, 0 if no date moved
) STRICT;
CREATE INDEX round_act_open ON round_act (done) WHERE done = 0;
CREATE INDEX round_act_seq ON round_act (seq) WHERE seq <> 0;

-- The sample of one checking organisation, in the order of the draw.
CREATE TABLE round_sample (
  round    INTEGER NOT NULL,
  unit     TEXT NOT NULL,
  place    INTEGER NOT NULL,
  entity   TEXT NOT NULL,
  rec      INTEGER NOT NULL,
  task     INTEGER NOT NULL,
  result   TEXT NOT NULL,             -- "", right, wrong
  fields   TEXT NOT NULL,             -- names of the fields found wrong, comma-separated
  note     TEXT NOT NULL,
  by_name  TEXT NOT NULL,
  at       TEXT NOT NULL,
  PRIMARY KEY (round, unit, place)
) STRICT, WITHOUT ROWID;

-- The population and size of a sample, and what became of it.
CREATE TABLE round_check (
  round      INTEGER NOT NULL,
  unit       TEXT NOT NULL,
  population INTEGER NOT NULL,
  size       INTEGER NOT NULL,
  settled    TEXT NOT NULL,           -- moment at which units with errors were given back, "" before
  PRIMARY KEY (round, unit)
) STRICT, WITHOUT ROWID;

-- Reminders and escalations that were due, each once.
CREATE TABLE round_notice (
  task   INTEGER NOT NULL,
  due    INTEGER NOT NULL,            -- deadline it belongs to
  kind   TEXT NOT NULL,               -- remind, escalate
  days   INTEGER NOT NULL,
  org    TEXT NOT NULL,               -- whom it is for
  on_day INTEGER NOT NULL,
  PRIMARY KEY (task, due, kind, days)
) STRICT, WITHOUT ROWID;
CREATE INDEX round_notice_org ON round_notice (org, on_day);

-- One-time links. Only digests of the token and of the ticket that opening it
-- gives are kept.
CREATE TABLE round_link (
  id       INTEGER PRIMARY KEY,
  token    TEXT NOT NULL UNIQUE,
  ticket   TEXT NOT NULL,
  task     INTEGER NOT NULL,
  rec      INTEGER NOT NULL,
  contact  INTEGER NOT NULL,          -- record of the person it was made for
  made_by  TEXT NOT NULL,
  made_at  TEXT NOT NULL,
  expires  TEXT NOT NULL,
  opened   TEXT NOT NULL,
  answered TEXT NOT NULL,
  kind     TEXT NOT NULL              -- confirm or correct, "" before
) STRICT;
CREATE INDEX round_link_task ON round_link (task, rec);

-- Findings of set rules. id_key makes a finding the same one as before.
CREATE TABLE finding (
  id         INTEGER PRIMARY KEY,
  rule       TEXT NOT NULL,
  id_key     TEXT NOT NULL,
  entity     TEXT NOT NULL,
  rec        INTEGER NOT NULL,
  org        TEXT NOT NULL,
  severity   TEXT NOT NULL,
  evidence   TEXT NOT NULL,           -- JSON, column to value
  state      TEXT NOT NULL,           -- open, explained, resolved
  run        INTEGER NOT NULL,        -- newest run that found it
  found_on   INTEGER NOT NULL,
  reopened   INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  until      INTEGER NOT NULL,        -- the explanation holds up to this day, 0 without end
  by_name    TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  UNIQUE (rule, id_key)
) STRICT;
CREATE INDEX finding_org ON finding (org, state);
CREATE INDEX finding_rec ON finding (rec, entity);
CREATE INDEX finding_state ON finding (state, rule);

CREATE TABLE finding_event (
  finding INTEGER NOT NULL,
  n       INTEGER NOT NULL,
  what    TEXT NOT NULL,              -- found, explained, resolved, reopened
  by_name TEXT NOT NULL,
  at      TEXT NOT NULL,
  note    TEXT NOT NULL,
  PRIMARY KEY (finding, n)
) STRICT, WITHOUT ROWID;

-- The newest run of each rule.
CREATE TABLE finding_run (
  rule   TEXT PRIMARY KEY,
  run    INTEGER NOT NULL,
  seq    INTEGER NOT NULL,            -- commit up to which it saw the records
  at     TEXT NOT NULL,
  found  INTEGER NOT NULL,
  millis INTEGER NOT NULL,
  fault  TEXT NOT NULL                -- why it was given up, "" if it was not
) STRICT;
