-- What the gate knows besides an operation's state: its terms, its course, and when something is due about it.

ALTER TABLE operations ADD COLUMN terms TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN course TEXT NOT NULL DEFAULT '{}';
ALTER TABLE operations ADD COLUMN due_ts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN service TEXT;

-- What waits from before is asked anew, because nobody knows under which terms it was shown: it expires with the first tick, and is told.
UPDATE operations SET expires_ts = 0 WHERE state IN ('awaiting_approval', 'approved');
UPDATE operations SET terms =
    '{"rule":"before","approvals":1,"approvers":[],"power":0,"self_approval":false,"expiry_ms":0,"wait_ms":0,"second_factor":false,"escalation":null}';

ALTER TABLE votes ADD COLUMN room_id TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN about TEXT;
CREATE INDEX outbox_about ON outbox (about);

ALTER TABLE operations DROP COLUMN needed;
ALTER TABLE operations DROP COLUMN self_approval;

CREATE INDEX operations_due ON operations (state, due_ts);
CREATE INDEX operations_created ON operations (created_ts);
CREATE INDEX operations_service ON operations (service, state);
CREATE INDEX targets_operation ON targets (operation);

CREATE TABLE freezes (
    name     TEXT PRIMARY KEY,
    by_whom  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    until_ts BIGINT
);
