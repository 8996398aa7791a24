-- The plan loop: a notice may be about a duty; a case's time may end at an hour of its
-- last day.
ALTER TABLE notice ADD COLUMN duty TEXT NOT NULL DEFAULT '';
ALTER TABLE flow_case ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0; -- seconds since 1970, 0 where days are counted

-- Evidence of marks of duties; mark is 0 until a mark of the same account names it.
CREATE TABLE duty_paper (
  id      TEXT PRIMARY KEY,
  mark    INTEGER NOT NULL,
  step    INTEGER NOT NULL,
  sha256  TEXT NOT NULL,
  name    TEXT NOT NULL,
  kind    TEXT NOT NULL,
  size    INTEGER NOT NULL,
  account TEXT NOT NULL,
  at      TEXT NOT NULL
) STRICT;
CREATE INDEX duty_paper_mark ON duty_paper (mark);

-- The case that gave a grant, which ends with it; '' for those that people gave.
ALTER TABLE role_grant ADD COLUMN case_no TEXT NOT NULL DEFAULT '';
CREATE INDEX role_grant_case ON role_grant (case_no) WHERE case_no <> '';
