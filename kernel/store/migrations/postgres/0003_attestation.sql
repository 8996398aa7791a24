-- Attestations: one row each time somebody confirmed a version that was there
-- already. r_<entity>._verified is the newest of them; was is what stood there
-- before, 0 for nothing. They are part of the digest of commit seq.
CREATE TABLE attestation (
  entity  TEXT COLLATE "C" NOT NULL,
  rid     BIGINT NOT NULL,
  seq     BIGINT NOT NULL,
  rec     BIGINT NOT NULL,
  on_date BIGINT NOT NULL,        -- yyyymmdd, 0 when an undo took the only one back
  was     BIGINT NOT NULL,
  PRIMARY KEY (entity, rid, seq)
);
CREATE INDEX attestation_seq ON attestation (seq, rid);

-- Keys that records used to have: a row that comes with an old key is taken for
-- the record that has the new one. seq_to is the commit that ended the alias, 0
-- while it holds. Part of the digest of commits seq_from and seq_to.
CREATE TABLE alias (
  entity   TEXT COLLATE "C" NOT NULL,
  old_key  TEXT COLLATE "C" NOT NULL,
  new_key  TEXT COLLATE "C" NOT NULL,
  seq_from BIGINT NOT NULL,
  seq_to   BIGINT NOT NULL,
  PRIMARY KEY (entity, old_key, seq_from)
);
CREATE INDEX alias_from ON alias (seq_from);
CREATE INDEX alias_to ON alias (seq_to) WHERE seq_to <> 0;
