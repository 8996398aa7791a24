-- Attestations: one row each time somebody confirmed a version that was there
-- already. r_<entity>._verified is the newest of them; was is what stood there
-- before, 0 for nothing. They are part of the digest of commit seq.
CREATE TABLE attestation (
  entity  TEXT NOT NULL,
  rid     INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  rec     INTEGER NOT NULL,
  on_date INTEGER NOT NULL,        -- yyyymmdd, 0 when an undo took the only one back
  was     INTEGER NOT NULL,
  PRIMARY KEY (entity, rid, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX attestation_seq ON attestation (seq, rid);

-- Keys that records used to have: a row that comes with an old key is taken for
-- the record that has the new one. seq_to is the commit that ended the alias, 0
-- while it holds. Part of the digest of commits seq_from and seq_to.
CREATE TABLE alias (
  entity   TEXT NOT NULL,
  old_key  TEXT NOT NULL,
  new_key  TEXT NOT NULL,
  seq_from INTEGER NOT NULL,
  seq_to   INTEGER NOT NULL,
  PRIMARY KEY (entity, old_key, seq_from)
) STRICT;
CREATE INDEX alias_from ON alias (seq_from);
CREATE INDEX alias_to ON alias (seq_to) WHERE seq_to <> 0;
