-- Times are milliseconds since 1970. `body` is the whole story; the other columns are what is searched, ordered and guarded.
CREATE TABLE stories (
    key       TEXT PRIMARY KEY,
    account   TEXT NOT NULL,
    seq       BIGINT NOT NULL,           -- order of arrival within the account, from 1
    batch     TEXT NOT NULL,
    batch_seq BIGINT NOT NULL,           -- `seq` of the first of its batch
    position  BIGINT NOT NULL,
    sha256    TEXT NOT NULL,
    state     TEXT NOT NULL,
    due       BIGINT NOT NULL,
    wake      BIGINT NOT NULL,
    published BIGINT,
    story_id  TEXT,
    object    TEXT,                      -- the uploaded file's name
    swept     BIGINT,                    -- when that file was removed
    added     BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    body      TEXT NOT NULL,
    fence     BIGINT NOT NULL DEFAULT 0, -- rises with every claim
    worker    TEXT,                      -- who holds it
    lease     BIGINT,                    -- until when
    job       TEXT,                      -- the one job that counts
    last_job  TEXT,                      -- the one before, which is removed with the change
    nudge     BIGINT,                    -- look again then, whatever the present holder says
    crashes   BIGINT NOT NULL DEFAULT 0, -- workers that ended over it since it was last saved
    UNIQUE (account, seq)
);

CREATE INDEX stories_same ON stories (account, sha256);
CREATE INDEX stories_batch ON stories (batch, account, position);
CREATE INDEX stories_object ON stories (object) WHERE swept IS NULL;
CREATE INDEX stories_published ON stories (account, published) WHERE published IS NOT NULL;
CREATE INDEX stories_wake ON stories (wake)
    WHERE state IN ('rendered', 'uploaded', 'contained', 'publishing', 'live');
CREATE INDEX stories_line ON stories (account, due, batch_seq, position, seq)
    WHERE state IN ('rendered', 'uploaded', 'contained', 'publishing');

CREATE TABLE accounts (
    account    TEXT PRIMARY KEY,
    holder     TEXT,                     -- the story whose turn it is, until its outcome is known
    published  BIGINT,                   -- the last time something went out, or may have
    gap        BIGINT NOT NULL DEFAULT 0,
    rest_until BIGINT,
    rest_why   TEXT
);

CREATE TABLE containers (
    account   TEXT NOT NULL,
    container TEXT NOT NULL,
    story     TEXT NOT NULL,
    made      BIGINT NOT NULL,
    PRIMARY KEY (account, container)
);

CREATE INDEX containers_made ON containers (account, made);

CREATE TABLE audit (
    story      TEXT NOT NULL,
    n          BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    who        TEXT NOT NULL,
    what       TEXT NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    detail     TEXT NOT NULL,            -- JSON
    PRIMARY KEY (story, n)
);
