-- What an organisation says of a duty (duties.yaml): that it was discharged in a
-- period, that it is not met, or that something happened which it answers. Which
-- duties are due is computed and stands nowhere. A mark that was taken back stays.
CREATE TABLE duty_mark (
  n         INTEGER PRIMARY KEY,
  duty      TEXT NOT NULL,
  org       TEXT NOT NULL,
  period    TEXT NOT NULL,           -- 2024-H1 2024 once…; E7 for the event that mark 7 tells of
  kind      TEXT NOT NULL,           -- done unmet event
  k         INTEGER NOT NULL,        -- order within duty, organisation and period
  on_date   INTEGER NOT NULL,        -- yyyymmdd on which it was
  note      TEXT NOT NULL,
  evidence  TEXT NOT NULL,           -- where it can be seen: number, place, address
  at        TEXT NOT NULL,           -- RFC 3339, UTC
  account   TEXT NOT NULL,
  role      TEXT NOT NULL,
  withdrawn TEXT NOT NULL,           -- RFC 3339, '' while it stands
  taker     TEXT NOT NULL,           -- account that took it back
  why       TEXT NOT NULL,
  UNIQUE (duty, org, period, k)
) STRICT;
CREATE INDEX duty_mark_period ON duty_mark (duty, period, org);
