-- Accounts say who somebody is; what they may do stands in grants. role and org of
-- an account are those it was made with and are not read any more.
ALTER TABLE account ADD COLUMN by_whom TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN must_change BIGINT NOT NULL DEFAULT 0;   -- 1: a new password is due at the next sign-in
ALTER TABLE account ADD COLUMN password_at BIGINT NOT NULL DEFAULT 0;   -- seconds since 1970; 0: before this was kept
ALTER TABLE account ADD COLUMN last_in BIGINT NOT NULL DEFAULT 0;       -- last sign-in, seconds
ALTER TABLE account ADD COLUMN subject TEXT COLLATE "C" NOT NULL DEFAULT '';         -- of an outside identity provider, '' none
CREATE UNIQUE INDEX account_subject ON account (subject) WHERE subject <> '';

-- A grant is a role at an organisation for a time. delegate_of is the grant it was
-- handed on from, '' for none. Days are yyyymmdd; to_day is the last one, 0 open.
CREATE TABLE role_grant (
  id          TEXT COLLATE "C" PRIMARY KEY,
  account     TEXT COLLATE "C" NOT NULL,
  role        TEXT COLLATE "C" NOT NULL,
  org         TEXT COLLATE "C" NOT NULL,
  from_day    BIGINT NOT NULL,
  to_day      BIGINT NOT NULL,
  delegate_of TEXT COLLATE "C" NOT NULL,
  given_by    TEXT COLLATE "C" NOT NULL,
  given_at    BIGINT NOT NULL,
  reason      TEXT COLLATE "C" NOT NULL,
  ended_by    TEXT COLLATE "C" NOT NULL,
  ended_at    BIGINT NOT NULL,           -- seconds, 0 while it holds
  end_reason  TEXT COLLATE "C" NOT NULL,
  used_at     BIGINT NOT NULL            -- last session under it, seconds
);
CREATE INDEX role_grant_account ON role_grant (account);
CREATE INDEX role_grant_of ON role_grant (delegate_of) WHERE delegate_of <> '';
INSERT INTO role_grant (id, account, role, org, from_day, to_day, delegate_of, given_by, given_at, reason, ended_by, ended_at, end_reason, used_at)
  SELECT 'first-' || name, name, role, org, 0, 0, '', '', 0, '', '', 0, '', 0 FROM account;

CREATE TABLE password_was (
  account TEXT COLLATE "C" NOT NULL,
  at      BIGINT NOT NULL,
  hash    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX password_was_account ON password_was (account, at);

-- Second factors. secret is sealed (totp, passkey) or a hash (recovery); step is
-- the last time step or signature counter that was used.
CREATE TABLE factor (
  id      TEXT COLLATE "C" PRIMARY KEY,
  account TEXT COLLATE "C" NOT NULL,
  kind    TEXT COLLATE "C" NOT NULL,                  -- totp passkey recovery
  label   TEXT COLLATE "C" NOT NULL,
  secret  BYTEA NOT NULL,
  step    BIGINT NOT NULL,
  ready   BIGINT NOT NULL,               -- 0 until it was proved once
  created BIGINT NOT NULL,
  used    BIGINT NOT NULL
);
CREATE INDEX factor_account ON factor (account);

-- API tokens; only the hash of the token itself is kept.
CREATE TABLE api_token (
  id       TEXT COLLATE "C" PRIMARY KEY,
  hash     TEXT COLLATE "C" NOT NULL UNIQUE,
  account  TEXT COLLATE "C" NOT NULL,
  grant_id TEXT COLLATE "C" NOT NULL,
  org      TEXT COLLATE "C" NOT NULL,                 -- narrower organisation, '' the grant's
  rights   TEXT COLLATE "C" NOT NULL,                 -- comma-separated
  label    TEXT COLLATE "C" NOT NULL,
  created  BIGINT NOT NULL,
  expires  BIGINT NOT NULL,
  used     BIGINT NOT NULL,
  revoked  BIGINT NOT NULL
);
CREATE INDEX api_token_account ON api_token (account);

-- Failed sign-ins, so that a lock-out outlives a restart.
CREATE TABLE failure (
  key   TEXT COLLATE "C" PRIMARY KEY,
  count BIGINT NOT NULL,
  since BIGINT NOT NULL
);

ALTER TABLE session ADD COLUMN id TEXT COLLATE "C" NOT NULL DEFAULT '';        -- how people refer to it
ALTER TABLE session ADD COLUMN grant_id TEXT COLLATE "C" NOT NULL DEFAULT '';  -- '' until chosen
ALTER TABLE session ADD COLUMN factor BIGINT NOT NULL DEFAULT 0;  -- 1: a second factor was shown
ALTER TABLE session ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN agent TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE review (
  id        TEXT COLLATE "C" PRIMARY KEY,
  org       TEXT COLLATE "C" NOT NULL,
  due       BIGINT NOT NULL,             -- yyyymmdd
  note      TEXT COLLATE "C" NOT NULL,
  opened_by TEXT COLLATE "C" NOT NULL,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL
);
CREATE TABLE review_item (
  review   TEXT COLLATE "C" NOT NULL,
  grant_id TEXT COLLATE "C" NOT NULL,
  decision TEXT COLLATE "C" NOT NULL,                 -- '' keep end
  note     TEXT COLLATE "C" NOT NULL,
  by_whom  TEXT COLLATE "C" NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (review, grant_id)
);
