-- Accounts say who somebody is; what they may do stands in grants. role and org of
-- an account are those it was made with and are not read any more.
ALTER TABLE account ADD COLUMN by_whom TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0;   -- 1: a new password is due at the next sign-in
ALTER TABLE account ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0;   -- seconds since 1970; 0: before this was kept
ALTER TABLE account ADD COLUMN last_in INTEGER NOT NULL DEFAULT 0;       -- last sign-in, seconds
ALTER TABLE account ADD COLUMN subject TEXT NOT NULL DEFAULT '';         -- of an outside identity provider, '' none
CREATE UNIQUE INDEX account_subject ON account (subject) WHERE subject <> '';

-- A grant is a role at an organisation for a time. delegate_of is the grant it was
-- handed on from, '' for none. Days are yyyymmdd; to_day is the last one, 0 open.
CREATE TABLE role_grant (
  id          TEXT PRIMARY KEY,
  account     TEXT NOT NULL,
  role        TEXT NOT NULL,
  org         TEXT NOT NULL,
  from_day    INTEGER NOT NULL,
  to_day      INTEGER NOT NULL,
  delegate_of TEXT NOT NULL,
  given_by    TEXT NOT NULL,
  given_at    INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  ended_by    TEXT NOT NULL,
  ended_at    INTEGER NOT NULL,           -- seconds, 0 while it holds
  end_reason  TEXT NOT NULL,
  used_at     INTEGER NOT NULL            -- last session under it, seconds
) STRICT;
CREATE INDEX role_grant_account ON role_grant (account);
CREATE INDEX role_grant_of ON role_grant (delegate_of) WHERE delegate_of <> '';
INSERT INTO role_grant (id, account, role, org, from_day, to_day, delegate_of, given_by, given_at, reason, ended_by, ended_at, end_reason, used_at)
  SELECT 'first-' || name, name, role, org, 0, 0, '', '', 0, '', '', 0, '', 0 FROM account;

CREATE TABLE password_was (
  account TEXT NOT NULL,
  at      INTEGER NOT NULL,
  hash    TEXT NOT NULL
) STRICT;
CREATE INDEX password_was_account ON password_was (account, at);

-- Second factors. secret is sealed (totp, passkey) or a hash (recovery); step is
-- the last time step or signature counter that was used.
CREATE TABLE factor (
  id      TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  kind    TEXT NOT NULL,                  -- totp passkey recovery
  label   TEXT NOT NULL,
  secret  BLOB NOT NULL,
  step    INTEGER NOT NULL,
  ready   INTEGER NOT NULL,               -- 0 until it was proved once
  created INTEGER NOT NULL,
  used    INTEGER NOT NULL
) STRICT;
CREATE INDEX factor_account ON factor (account);

-- API tokens; only the hash of the token itself is kept.
CREATE TABLE api_token (
  id       TEXT PRIMARY KEY,
  hash     TEXT NOT NULL UNIQUE,
  account  TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  org      TEXT NOT NULL,                 -- narrower organisation, '' the grant's
  rights   TEXT NOT NULL,                 -- comma-separated
  label    TEXT NOT NULL,
  created  INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  used     INTEGER NOT NULL,
  revoked  INTEGER NOT NULL
) STRICT;
CREATE INDEX api_token_account ON api_token (account);

-- Failed sign-ins, so that a lock-out outlives a restart.
CREATE TABLE failure (
  key   TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT;

ALTER TABLE session ADD COLUMN id TEXT NOT NULL DEFAULT '';        -- how people refer to it
ALTER TABLE session ADD COLUMN grant_id TEXT NOT NULL DEFAULT '';  -- '' until chosen
ALTER TABLE session ADD COLUMN factor INTEGER NOT NULL DEFAULT 0;  -- 1: a second factor was shown
ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';

CREATE TABLE review (
  id        TEXT PRIMARY KEY,
  org       TEXT NOT NULL,
  due       INTEGER NOT NULL,             -- yyyymmdd
  note      TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE review_item (
  review   TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  decision TEXT NOT NULL,                 -- '' keep end
  note     TEXT NOT NULL,
  by_whom  TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (review, grant_id)
) STRICT;
