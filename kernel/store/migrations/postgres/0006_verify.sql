-- Rounds of verification, their answers, spot checks and one-time links; findings
-- of set rules. Days are yyyymmdd, moments RFC 3339 in UTC.

-- One round that was opened. seq is the commit of the ledger at which its records
-- were counted. seed is published when the spot check is drawn: SM3 of the id and
-- of head, the hash of the ledger's newest commit at that moment.
CREATE TABLE round (
  n          BIGINT PRIMARY KEY,
  id         TEXT COLLATE "C" NOT NULL UNIQUE,
  spec       TEXT COLLATE "C" NOT NULL,           -- id in rounds.yaml
  year       BIGINT NOT NULL,
  org        TEXT COLLATE "C" NOT NULL,           -- it covers what lies under this organisation
  seq        BIGINT NOT NULL,
  state      TEXT COLLATE "C" NOT NULL,           -- open, checking, closed
  opened_on  BIGINT NOT NULL,
  opened_at  TEXT COLLATE "C" NOT NULL,
  opened_by  TEXT COLLATE "C" NOT NULL,
  due        BIGINT NOT NULL,
  head       TEXT COLLATE "C" NOT NULL,
  seed       TEXT COLLATE "C" NOT NULL,
  closed_at  TEXT COLLATE "C" NOT NULL,
  closed_by  TEXT COLLATE "C" NOT NULL,
  seal       TEXT COLLATE "C" NOT NULL,
  note       TEXT COLLATE "C" NOT NULL,
  overdue    BIGINT NOT NULL         -- units that had not answered when it closed
);

-- What one organisation has to answer for one entity. listed: every record counted
-- at the opening is confirmed but those in round_answer with another answer.
CREATE TABLE round_task (
  id        BIGINT PRIMARY KEY,
  round     BIGINT NOT NULL,
  entity    TEXT COLLATE "C" NOT NULL,
  org       TEXT COLLATE "C" NOT NULL,
  unit      TEXT COLLATE "C" NOT NULL,            -- organisation that spot-checks it, "" for none
  total     BIGINT NOT NULL,
  listed    BIGINT NOT NULL,
  rev       BIGINT NOT NULL,         -- grows with every act; whoever comes second is told
  due       BIGINT NOT NULL,
  returned  BIGINT NOT NULL,         -- times it was given back after a spot check
  done_on   BIGINT NOT NULL,         -- day of the last answer after which nothing was open, 0 before
  UNIQUE (round, entity, org)
);
CREATE INDEX round_task_org ON round_task (org, round);

-- Answers by record: confirm, correct, dispute, cannot; again: it changed after it
-- was shown and must be looked at once more; gone: no longer held here.
CREATE TABLE round_answer (
  task     BIGINT NOT NULL,
  rec      BIGINT NOT NULL,
  rid      BIGINT NOT NULL,          -- version that was answered
  kind     TEXT COLLATE "C" NOT NULL,
  note     TEXT COLLATE "C" NOT NULL,
  requests TEXT COLLATE "C" NOT NULL,             -- numbers of correction requests, comma-separated
  by_name  TEXT COLLATE "C" NOT NULL,
  by_link  BIGINT NOT NULL,          -- answered by a one-time link
  at       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (task, rec)
);
CREATE INDEX round_answer_rec ON round_answer (rec);

-- Acts of confirming, so that one cut off half-way is completed: the attestation
-- in the ledger has the same id.
CREATE TABLE round_act (
  id       TEXT COLLATE "C" PRIMARY KEY,
  task     BIGINT NOT NULL,
  actor    TEXT COLLATE "C" NOT NULL,             -- JSON
  seen     BIGINT NOT NULL,          -- commit up to which the records had been shown
  recs     TEXT COLLATE "C" NOT NULL,             -- "" for the list, else numbers of records, comma-separated
  on_date  BIGINT NOT NULL,
  at       TEXT COLLATE "C" NOT NULL,
  done     BIGINT NOT NULL,
  records  BIGINT NOT NULL,
  seq      BIGINT NOT NULL           -- commit of the attestation, 0 if no date moved
);
CREATE INDEX round_act_open ON round_act (done) WHERE done = 0;
CREATE INDEX round_act_seq ON round_act (seq) WHERE seq <> 0;

-- The sample of one checking organisation, in the order of the draw.
CREATE TABLE round_sample (
  round    BIGINT NOT NULL,
  unit     TEXT COLLATE "C" NOT NULL,
  place    BIGINT NOT NULL,
  entity   TEXT COLLATE "C" NOT NULL,
  rec      BIGINT NOT NULL,
  task     BIGINT NOT NULL,
  result   TEXT COLLATE "C" NOT NULL,             -- "", right, wrong
  fields   TEXT COLLATE "C" NOT NULL,             -- names of the fields found wrong, comma-separated
  note     TEXT COLLATE "C" NOT NULL,
  by_name  TEXT COLLATE "C" NOT NULL,
  at       TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (round, unit, place)
);

-- The population and size of a sample, and what became of it.
CREATE TABLE round_check (
  round      BIGINT NOT NULL,
  unit       TEXT COLLATE "C" NOT NULL,
  population BIGINT NOT NULL,
  size       BIGINT NOT NULL,
  settled    TEXT COLLATE "C" NOT NULL,           -- moment at which units with errors were given back, "" before
  PRIMARY KEY (round, unit)
);

-- Reminders and escalations that were due, each once.
CREATE TABLE round_notice (
  task   BIGINT NOT NULL,
  due    BIGINT NOT NULL,            -- deadline it belongs to
  kind   TEXT COLLATE "C" NOT NULL,               -- remind, escalate
  days   BIGINT NOT NULL,
  org    TEXT COLLATE "C" NOT NULL,               -- whom it is for
  on_day BIGINT NOT NULL,
  PRIMARY KEY (task, due, kind, days)
);
CREATE INDEX round_notice_org ON round_notice (org, on_day);

-- One-time links. Only digests of the token and of the ticket that opening it
-- gives are kept.
CREATE TABLE round_link (
  id       BIGINT PRIMARY KEY,
  token    TEXT COLLATE "C" NOT NULL UNIQUE,
  ticket   TEXT COLLATE "C" NOT NULL,
  task     BIGINT NOT NULL,
  rec      BIGINT NOT NULL,
  contact  BIGINT NOT NULL,          -- record of the person it was made for
  made_by  TEXT COLLATE "C" NOT NULL,
  made_at  TEXT COLLATE "C" NOT NULL,
  expires  TEXT COLLATE "C" NOT NULL,
  opened   TEXT COLLATE "C" NOT NULL,
  answered TEXT COLLATE "C" NOT NULL,
  kind     TEXT COLLATE "C" NOT NULL              -- confirm or correct, "" before
);
CREATE INDEX round_link_task ON round_link (task, rec);

-- Findings of set rules. id_key makes a finding the same one as before.
CREATE TABLE finding (
  id         BIGINT PRIMARY KEY,
  rule       TEXT COLLATE "C" NOT NULL,
  id_key     TEXT COLLATE "C" NOT NULL,
  entity     TEXT COLLATE "C" NOT NULL,
  rec        BIGINT NOT NULL,
  org        TEXT COLLATE "C" NOT NULL,
  severity   TEXT COLLATE "C" NOT NULL,
  evidence   TEXT COLLATE "C" NOT NULL,           -- JSON, column to value
  state      TEXT COLLATE "C" NOT NULL,           -- open, explained, resolved
  run        BIGINT NOT NULL,        -- newest run that found it
  found_on   BIGINT NOT NULL,
  reopened   BIGINT NOT NULL,
  reason     TEXT COLLATE "C" NOT NULL,
  until      BIGINT NOT NULL,        -- the explanation holds up to this day, 0 without end
  by_name    TEXT COLLATE "C" NOT NULL,
  changed_at TEXT COLLATE "C" NOT NULL,
  UNIQUE (rule, id_key)
);
CREATE INDEX finding_org ON finding (org, state);
CREATE INDEX finding_rec ON finding (rec, entity);
CREATE INDEX finding_state ON finding (state, rule);

CREATE TABLE finding_event (
  finding BIGINT NOT NULL,
  n       BIGINT NOT NULL,
  what    TEXT COLLATE "C" NOT NULL,              -- found, explained, resolved, reopened
  by_name TEXT COLLATE "C" NOT NULL,
  at      TEXT COLLATE "C" NOT NULL,
  note    TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (finding, n)
);

-- The newest run of each rule.
CREATE TABLE finding_run (
  rule   TEXT COLLATE "C" PRIMARY KEY,
  run    BIGINT NOT NULL,
  seq    BIGINT NOT NULL,            -- commit up to which it saw the records
  at     TEXT COLLATE "C" NOT NULL,
  found  BIGINT NOT NULL,
  millis BIGINT NOT NULL,
  fault  TEXT COLLATE "C" NOT NULL                -- why it was given up, "" if it was not
);
