-- The plan loop: a notice may be about a duty; pieces of evidence belong to marks of
-- duties; a case's time may end at an hour of its last day.
ALTER TABLE notice ADD COLUMN duty TEXT NOT NULL DEFAULT '';
