-- A case of moving a person: type is a change type of movement.yaml, rec the
-- person's record. giver and taker are organisations ('' where a side lies
-- outside the city); asked says who began: 'give', 'take', or 'own' where one
-- side acts alone. A case that is agreed is carried out by the next sweep, at the
-- latest on its day.
CREATE TABLE movement_case (
  n        BIGINT PRIMARY KEY,
  type     TEXT COLLATE "C" NOT NULL,
  rec      BIGINT NOT NULL,
  asked    TEXT COLLATE "C" NOT NULL,
  giver    TEXT COLLATE "C" NOT NULL,
  taker    TEXT COLLATE "C" NOT NULL,
  on_date  BIGINT NOT NULL,        -- yyyymmdd: the day from which it holds
  grade    TEXT COLLATE "C" NOT NULL,
  grp      TEXT COLLATE "C" NOT NULL,           -- class in which the person is placed
  place    TEXT COLLATE "C" NOT NULL,           -- outside the city: where to or from
  reason   TEXT COLLATE "C" NOT NULL,           -- code
  evidence TEXT COLLATE "C" NOT NULL,
  state    TEXT COLLATE "C" NOT NULL,           -- requested agreed done refused withdrawn
  at       TEXT COLLATE "C" NOT NULL,           -- RFC 3339, UTC
  day      BIGINT NOT NULL,        -- yyyymmdd on which it was begun
  account  TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX movement_case_one ON movement_case (rec) WHERE state IN ('requested', 'agreed');
CREATE INDEX movement_case_rec ON movement_case (rec);
CREATE INDEX movement_case_giver ON movement_case (giver, state);
CREATE INDEX movement_case_taker ON movement_case (taker, state);

-- What happened in a case. mark makes reminders and escalations happen once:
-- 'remind', 'escalate-1'…; acts of people have '#1', '#2'….
CREATE TABLE movement_event (
  n       BIGINT NOT NULL,
  mark    TEXT COLLATE "C" NOT NULL,
  k       BIGINT NOT NULL,         -- order within the case
  at      TEXT COLLATE "C" NOT NULL,
  day     BIGINT NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  role    TEXT COLLATE "C" NOT NULL,
  org     TEXT COLLATE "C" NOT NULL,
  act     TEXT COLLATE "C" NOT NULL,            -- requested agreed refused withdrawn done remind escalate stuck
  note    TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (n, mark)
);

-- Requests for persons that named nobody: who guesses is slowed down.
CREATE TABLE movement_miss (
  at      BIGINT NOT NULL,         -- seconds since 1970
  account TEXT COLLATE "C" NOT NULL,
  org     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX movement_miss_account ON movement_miss (account, at);
CREATE INDEX movement_miss_org ON movement_miss (org, at);

-- What a holder decided about a person before the run at a year's end.
CREATE TABLE movement_exception (
  year    BIGINT NOT NULL,
  rec     BIGINT NOT NULL,
  act     TEXT COLLATE "C" NOT NULL,            -- promote repeat leave
  grp     TEXT COLLATE "C" NOT NULL,
  note    TEXT COLLATE "C" NOT NULL,
  at      TEXT COLLATE "C" NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (year, rec)
);

-- Runs at a year's end. Their commits are found by their ids, run-<n>-….
CREATE TABLE movement_run (
  n       BIGINT PRIMARY KEY,
  year    BIGINT NOT NULL,
  state   TEXT COLLATE "C" NOT NULL,            -- running done stopped undone
  org     TEXT COLLATE "C" NOT NULL,            -- the organisation under which it runs
  at      TEXT COLLATE "C" NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  ended   TEXT COLLATE "C" NOT NULL,
  units   BIGINT NOT NULL,         -- organisations done
  persons BIGINT NOT NULL          -- persons moved
);

-- Changes of organisations: planned until their day, then done. Their commits are
-- found by their ids, life-<n>-….
CREATE TABLE movement_act (
  n       BIGINT PRIMARY KEY,
  act     TEXT COLLATE "C" NOT NULL,            -- of movement.yaml
  org     TEXT COLLATE "C" NOT NULL,
  on_date BIGINT NOT NULL,
  body    TEXT COLLATE "C" NOT NULL,            -- JSON: what is asked for
  state   TEXT COLLATE "C" NOT NULL,            -- planned done undone withdrawn
  at      TEXT COLLATE "C" NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  role    TEXT COLLATE "C" NOT NULL,
  by_org  TEXT COLLATE "C" NOT NULL,
  ended   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX movement_act_org ON movement_act (org, on_date);
