-- What an operator needs: stops of an account, days of stories, who is at work (`workers` is the name of a table of the queue).
ALTER TABLE stories ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0; -- how often a step has failed, while it is in trouble
ALTER TABLE stories ADD COLUMN day TEXT;                           -- the day of `due` in the project's zone

ALTER TABLE accounts ADD COLUMN stop_cause TEXT;  -- by-hand, refused, login, unknown-live
ALTER TABLE accounts ADD COLUMN stop_since BIGINT;
ALTER TABLE accounts ADD COLUMN stop_until BIGINT; -- none: until somebody ends it
ALTER TABLE accounts ADD COLUMN stop_why TEXT;
ALTER TABLE accounts ADD COLUMN stop_mark TEXT;   -- of the token that was refused: another one ends the stop
ALTER TABLE accounts ADD COLUMN looked BIGINT;    -- when it was known what is live there
UPDATE accounts SET looked = 0;

CREATE TABLE at_work (
    name     TEXT PRIMARY KEY,
    started  BIGINT NOT NULL,
    seen     BIGINT NOT NULL,
    accounts TEXT NOT NULL                        -- JSON list
);
