-- How far notices were sent to a target, and the day of its last digest.
CREATE TABLE notice_sent (
  target TEXT PRIMARY KEY,
  upto   INTEGER NOT NULL,
  day    INTEGER NOT NULL
) STRICT;
