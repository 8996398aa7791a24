-- How far notices were sent to a target, and the day of its last digest.
CREATE TABLE notice_sent (
  target TEXT COLLATE "C" PRIMARY KEY,
  upto   BIGINT NOT NULL,
  day    BIGINT NOT NULL
);
