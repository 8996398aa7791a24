-- Why a planned act could not be carried out on its day, in both languages, '' if
-- nothing has stood in the way.
ALTER TABLE movement_act ADD COLUMN stuck TEXT NOT NULL DEFAULT '';

-- The record that a correction was first asked for, 0 while it is still that one:
-- a request follows a record that is merged into another, and comes back with it.
ALTER TABLE correction ADD COLUMN first_rec BIGINT NOT NULL DEFAULT 0;
