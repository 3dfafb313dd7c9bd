-- Incidents, their alerts, where they are told, who wants to know, and what is silenced.

CREATE TABLE incidents (
    id          TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    rank        BIGINT NOT NULL,
    source      TEXT NOT NULL,
    correlation TEXT,
    doc         TEXT NOT NULL,
    opened_ts   BIGINT NOT NULL,
    changed_ts  BIGINT NOT NULL,
    due_ts      BIGINT NOT NULL
);
CREATE INDEX incidents_state ON incidents (state, opened_ts);
CREATE INDEX incidents_opened ON incidents (opened_ts);
CREATE INDEX incidents_due ON incidents (due_ts);
CREATE INDEX incidents_correlation ON incidents (correlation, state);

-- The latest incident of each group of a source.
CREATE TABLE incident_groups (
    source    TEXT NOT NULL,
    group_key TEXT NOT NULL,
    incident  TEXT NOT NULL,
    PRIMARY KEY (source, group_key)
);
CREATE INDEX incident_groups_incident ON incident_groups (incident);

-- The latest firing of each alert. `rank` is the place of its severity.
CREATE TABLE alerts (
    source      TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    incident    TEXT NOT NULL,
    firing      BIGINT NOT NULL,
    silenced    BIGINT NOT NULL,
    rank        BIGINT NOT NULL,
    starts_ts   BIGINT NOT NULL,
    ends_ts     BIGINT,
    seen_ts     BIGINT NOT NULL,
    name        TEXT NOT NULL,
    doc         TEXT NOT NULL,
    PRIMARY KEY (source, fingerprint)
);
CREATE INDEX alerts_incident ON alerts (incident, firing);
CREATE INDEX alerts_firing ON alerts (firing, source);
CREATE INDEX alerts_name ON alerts (name);

-- What happened to an incident, in order.
CREATE TABLE incident_story (
    seq      BIGINT PRIMARY KEY,
    incident TEXT NOT NULL,
    ts       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    what     TEXT NOT NULL
);
CREATE INDEX incident_story_incident ON incident_story (incident, seq);

-- Where an incident is told: one message a room. `storm` names the summary that it stands in instead; `repeat_ms` after which it notifies again.
CREATE TABLE incident_messages (
    incident   TEXT NOT NULL,
    room_id    TEXT NOT NULL,
    bot        TEXT NOT NULL,
    lang       TEXT NOT NULL,
    txn_id     TEXT NOT NULL,
    event_id   TEXT,
    state      TEXT NOT NULL,
    digest     TEXT NOT NULL,
    storm      TEXT,
    repeat_ms  BIGINT NOT NULL,
    repeat_ts  BIGINT NOT NULL,
    created_ts BIGINT NOT NULL,
    PRIMARY KEY (incident, room_id)
);
CREATE INDEX incident_messages_state ON incident_messages (state);
CREATE INDEX incident_messages_repeat ON incident_messages (repeat_ts);
CREATE INDEX incident_messages_storm ON incident_messages (storm);
CREATE INDEX incident_messages_event ON incident_messages (event_id);
CREATE INDEX incident_messages_txn ON incident_messages (txn_id);
CREATE INDEX incident_messages_room ON incident_messages (room_id, storm, created_ts);

-- Summaries of storms.
CREATE TABLE storms (
    id         TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL,
    bot        TEXT NOT NULL,
    lang       TEXT NOT NULL,
    txn_id     TEXT NOT NULL,
    event_id   TEXT,
    digest     TEXT NOT NULL,
    stale      BIGINT NOT NULL,
    is_over    BIGINT NOT NULL,
    created_ts BIGINT NOT NULL,
    changed_ts BIGINT NOT NULL
);
CREATE INDEX storms_txn ON storms (txn_id);
CREATE INDEX storms_room ON storms (room_id, changed_ts);

-- Who wants to know of what. `n` is its number in its room.
CREATE TABLE subscriptions (
    id         TEXT PRIMARY KEY,
    room_id    TEXT NOT NULL,
    n          BIGINT NOT NULL,
    bot        TEXT NOT NULL,
    lang       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    personal   BIGINT NOT NULL,
    wish       TEXT NOT NULL,
    due_ts     BIGINT NOT NULL,
    created_ts BIGINT NOT NULL,
    UNIQUE (room_id, n)
);

-- What a subscription keeps for later: for the end of its quiet hours or its digest.
CREATE TABLE deferred (
    subscription TEXT NOT NULL,
    incident     TEXT NOT NULL,
    ts           BIGINT NOT NULL,
    PRIMARY KEY (subscription, incident)
);

-- Silences of ours, and those of Alertmanager that we made there.
CREATE TABLE silences (
    n            BIGINT PRIMARY KEY,
    remote_id    TEXT,
    by_whom      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    matchers     TEXT NOT NULL,
    incident     TEXT,
    room_id      TEXT NOT NULL,
    starts_ts    BIGINT NOT NULL,
    until_ts     BIGINT NOT NULL,
    announced    BIGINT NOT NULL,
    ended        BIGINT NOT NULL
);
CREATE INDEX silences_until ON silences (ended, until_ts);

-- What was proposed to mend an incident, and what came of it.
CREATE TABLE remedies (
    operation TEXT PRIMARY KEY,
    incident  TEXT NOT NULL,
    rule      TEXT NOT NULL,
    target    TEXT NOT NULL,
    title     TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    ts        BIGINT NOT NULL
);
CREATE INDEX remedies_incident ON remedies (incident);
CREATE INDEX remedies_rule ON remedies (rule, ts);
CREATE INDEX remedies_target ON remedies (target, ts);
