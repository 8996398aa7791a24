-- One row a seal whose figures are complete, written after them. Figures are read
-- by indicator, so one key is enough and millions are stored in half the time.
CREATE TABLE figure_run (
  seal    TEXT PRIMARY KEY,
  catalog TEXT NOT NULL,             -- catalog version they were computed with
  years   TEXT NOT NULL,             -- "2020,2021": the years that have figures
  figures INTEGER NOT NULL
) STRICT;
DROP INDEX figure_cut;
