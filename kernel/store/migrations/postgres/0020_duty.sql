-- What an organisation says of a duty (duties.yaml): that it was discharged in a
-- period, that it is not met, or that something happened which it answers. Which
-- duties are due is computed and stands nowhere. A mark that was taken back stays.
CREATE TABLE duty_mark (
  n         BIGINT PRIMARY KEY,
  duty      TEXT COLLATE "C" NOT NULL,
  org       TEXT COLLATE "C" NOT NULL,
  period    TEXT COLLATE "C" NOT NULL,           -- 2024-H1 2024 once…; E7 for the event that mark 7 tells of
  kind      TEXT COLLATE "C" NOT NULL,           -- done unmet event
  k         BIGINT NOT NULL,        -- order within duty, organisation and period
  on_date   BIGINT NOT NULL,        -- yyyymmdd on which it was
  note      TEXT COLLATE "C" NOT NULL,
  evidence  TEXT COLLATE "C" NOT NULL,           -- where it can be seen: number, place, address
  at        TEXT COLLATE "C" NOT NULL,           -- RFC 3339, UTC
  account   TEXT COLLATE "C" NOT NULL,
  role      TEXT COLLATE "C" NOT NULL,
  withdrawn TEXT COLLATE "C" NOT NULL,           -- RFC 3339, '' while it stands
  taker     TEXT COLLATE "C" NOT NULL,           -- account that took it back
  why       TEXT COLLATE "C" NOT NULL,
  UNIQUE (duty, org, period, k)
);
CREATE INDEX duty_mark_period ON duty_mark (duty, period, org);
