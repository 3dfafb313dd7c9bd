-- One text for SQLite and PostgreSQL: ids are text, times are integer milliseconds since the Unix epoch, JSON is text.

CREATE TABLE lease (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    token      BIGINT NOT NULL,
    renewed_ts BIGINT NOT NULL,
    backend    BIGINT NOT NULL
);

CREATE TABLE inbox (
    seq         BIGINT PRIMARY KEY,
    event_id    TEXT NOT NULL UNIQUE,
    room_id     TEXT NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    error       TEXT,
    received_ts BIGINT NOT NULL
);
CREATE INDEX inbox_state ON inbox (state, seq);

CREATE TABLE outbox (
    seq        BIGINT PRIMARY KEY,
    txn_id     TEXT NOT NULL UNIQUE,
    room_id    TEXT NOT NULL,
    bot        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL,
    state      TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    awaited    BIGINT NOT NULL,
    event_id   TEXT,
    error      TEXT,
    created_ts BIGINT NOT NULL
);
CREATE INDEX outbox_state ON outbox (state, seq);

CREATE TABLE operations (
    id             TEXT PRIMARY KEY,
    state          TEXT NOT NULL,
    room_id        TEXT NOT NULL,
    speaker        TEXT NOT NULL,
    lang           TEXT NOT NULL,
    ask_event      TEXT NOT NULL,
    sentence       TEXT NOT NULL,
    understood     TEXT NOT NULL,
    requester      TEXT NOT NULL,
    intent         TEXT NOT NULL,
    slots          TEXT NOT NULL,
    bot            TEXT NOT NULL,
    plan           TEXT NOT NULL,
    digest         TEXT NOT NULL,
    folder         TEXT NOT NULL,
    needed         BIGINT NOT NULL,
    self_approval  BIGINT NOT NULL,
    created_ts     BIGINT NOT NULL,
    expires_ts     BIGINT NOT NULL,
    updated_ts     BIGINT NOT NULL,
    proposal_txn   TEXT NOT NULL UNIQUE,
    proposal_event TEXT,
    progress_txn   TEXT,
    outcome        TEXT
);
CREATE INDEX operations_state ON operations (state, created_ts);
CREATE INDEX operations_proposal ON operations (proposal_event);
CREATE INDEX operations_ask ON operations (ask_event);

CREATE TABLE votes (
    operation TEXT NOT NULL,
    person    TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    verdict   TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    ts        BIGINT NOT NULL,
    PRIMARY KEY (operation, person)
);
CREATE INDEX votes_event ON votes (event_id);

CREATE TABLE targets (
    target    TEXT PRIMARY KEY,
    operation TEXT NOT NULL,
    token     BIGINT NOT NULL
);

CREATE TABLE questions (
    id         TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL,
    speaker    TEXT NOT NULL,
    ask_event  TEXT NOT NULL,
    thread     TEXT NOT NULL,
    asker      TEXT NOT NULL,
    lang       TEXT NOT NULL,
    sentence   TEXT NOT NULL,
    ask        TEXT NOT NULL,
    question_txn TEXT NOT NULL UNIQUE,
    question_event TEXT,
    expires_ts BIGINT NOT NULL
);
CREATE INDEX questions_ask ON questions (ask_event);

CREATE TABLE audit (
    seq       BIGINT PRIMARY KEY,
    ts        BIGINT NOT NULL,
    kind      TEXT NOT NULL,
    operation TEXT NOT NULL,
    actor     TEXT NOT NULL,
    event_id  TEXT NOT NULL,
    detail    TEXT NOT NULL,
    prev      TEXT NOT NULL,
    hash      TEXT NOT NULL
);
CREATE INDEX audit_operation ON audit (operation);

CREATE TABLE audit_head (
    name TEXT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (name, seq, hash) VALUES ('audit', 0, 'ralf-audit-v1');

CREATE TABLE memory (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
