-- The plan loop: a notice may be about a duty; a case's time may end at an hour of its
-- last day.
ALTER TABLE notice ADD COLUMN duty TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE flow_case ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0; -- seconds since 1970, 0 where days are counted

-- Evidence of marks of duties; mark is 0 until a mark of the same account names it.
CREATE TABLE duty_paper (
  id      TEXT COLLATE "C" PRIMARY KEY,
  mark    BIGINT NOT NULL,
  step    BIGINT NOT NULL,
  sha256  TEXT COLLATE "C" NOT NULL,
  name    TEXT COLLATE "C" NOT NULL,
  kind    TEXT COLLATE "C" NOT NULL,
  size    BIGINT NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  at      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX duty_paper_mark ON duty_paper (mark);

-- The case that gave a grant, which ends with it; '' for those that people gave.
ALTER TABLE role_grant ADD COLUMN case_no TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX role_grant_case ON role_grant (case_no) WHERE case_no <> '';
