-- Requests to give an administrator's credentials anew, which another kind of
-- administrator agrees to. what is password, factors or subject; needs is the right
-- of who decides; subject is the claim to link to. state: open, agreed, refused,
-- withdrawn, used. Times are seconds since 1970.
CREATE TABLE credential_request (
    id         TEXT NOT NULL PRIMARY KEY,
    account    TEXT NOT NULL,
    what       TEXT NOT NULL,
    subject    TEXT NOT NULL DEFAULT '',
    reason     TEXT NOT NULL,
    needs      TEXT NOT NULL,
    state      TEXT NOT NULL,
    asked_by   TEXT NOT NULL,
    asked_at   INTEGER NOT NULL,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at INTEGER NOT NULL DEFAULT 0,
    note       TEXT NOT NULL DEFAULT '',
    used_at    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX credential_request_account ON credential_request (account, what, state);
