-- The calendar: what goes out when, before there is a file. Times are milliseconds since 1970; `body` is the whole slot.
CREATE TABLE slots (
    id       TEXT PRIMARY KEY,          -- NAME@2026-12-01T09:00, then /ACCOUNT, then #KEY
    place    TEXT NOT NULL UNIQUE,      -- the same with the account in any case: what there is one of
    schedule TEXT NOT NULL,
    account  TEXT NOT NULL,             -- as the project names it
    due      BIGINT NOT NULL,
    freezes  BIGINT NOT NULL,           -- when its picture shall be made
    state    TEXT NOT NULL,
    wake     BIGINT NOT NULL,           -- look at it again then
    row_key  TEXT,                      -- the row that it uses
    sha256   TEXT,                      -- of its picture
    story    TEXT,                      -- what it became
    changed  BIGINT NOT NULL,
    body     TEXT NOT NULL,
    fence    BIGINT NOT NULL DEFAULT 0, -- rises with every claim
    worker   TEXT,                      -- who holds it
    lease    BIGINT                     -- until when
);

CREATE INDEX slots_wake ON slots (wake) WHERE state IN ('planned', 'frozen', 'waiting');
CREATE INDEX slots_due ON slots (due);
CREATE INDEX slots_of ON slots (schedule, due);
CREATE INDEX slots_story ON slots (story) WHERE story IS NOT NULL;

CREATE TABLE slot_trail (
    slot       TEXT NOT NULL,
    n          BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    who        TEXT NOT NULL,
    what       TEXT NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    detail     TEXT NOT NULL,           -- JSON
    PRIMARY KEY (slot, n)
);

CREATE INDEX slot_trail_missed ON slot_trail (slot) WHERE to_state = 'missed';

-- pauses by hand; the name '*' is every schedule
CREATE TABLE schedule_pauses (
    schedule TEXT PRIMARY KEY,
    since    BIGINT NOT NULL,
    until    BIGINT,                    -- none: until somebody ends it
    reason   TEXT,
    who      TEXT NOT NULL
);

-- rows that a schedule counts as used without a slot: what was there at its first run
CREATE TABLE schedule_rows (
    schedule TEXT NOT NULL,
    row_key  TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (schedule, row_key)
);

ALTER TABLE stories ADD COLUMN slot TEXT; -- a slot has one story at most
CREATE UNIQUE INDEX stories_slot ON stories (slot) WHERE slot IS NOT NULL;
