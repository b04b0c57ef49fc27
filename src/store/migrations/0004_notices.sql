-- What people and programs are told. An event is written with the change that causes it; `notices` has what each target gets.
-- `made`, `due` and `lease` are of the real clock, `at` is of the clock that the story goes by.
CREATE TABLE notice_events (
    id        TEXT PRIMARY KEY,
    kind      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    data      TEXT NOT NULL,              -- JSON
    once      TEXT UNIQUE,                -- what is told once has a name
    rehearsal BIGINT NOT NULL,            -- 1: of a sandbox
    made      BIGINT NOT NULL,
    addressed BIGINT                      -- when it was given to the targets
);

CREATE INDEX notice_events_new ON notice_events (id) WHERE addressed IS NULL;

CREATE TABLE notices (
    id        TEXT NOT NULL,              -- the receiver's means to know it again: the same at every try
    target    TEXT NOT NULL,
    rehearsal BIGINT NOT NULL,
    events    TEXT NOT NULL,              -- JSON list
    digest    BIGINT NOT NULL,            -- 1: it gathers events
    is_open   BIGINT NOT NULL,            -- 1: it still does
    state     TEXT NOT NULL,              -- waiting, sent, dropped
    due       BIGINT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0,
    trouble   TEXT,
    worker    TEXT,
    lease     BIGINT,
    made      BIGINT NOT NULL,
    PRIMARY KEY (id, target)
);

CREATE INDEX notices_due ON notices (target, due) WHERE state = 'waiting';

CREATE TABLE notice_targets (
    target TEXT PRIMARY KEY,
    mark   TEXT NOT NULL,                 -- of the address that wants nothing any more: another one is told again
    gone   BIGINT NOT NULL
);
