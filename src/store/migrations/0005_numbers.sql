-- What an operator asks for: a story's numbers at fixed points of its day, tries to renew tokens, and indexes for what is asked often.
CREATE TABLE numbers (
    story   TEXT NOT NULL,
    after_s BIGINT NOT NULL,                      -- the point: seconds after it went live
    taken   BIGINT NOT NULL,                      -- when they were taken: at the point, or later
    numbers TEXT NOT NULL,                        -- JSON object
    PRIMARY KEY (story, after_s)
);

ALTER TABLE accounts ADD COLUMN token_tried BIGINT;  -- when a worker last tried to renew its token
ALTER TABLE accounts ADD COLUMN token_trouble TEXT;  -- why that failed

-- each for one set of states: an index of all states would be taken for questions that others answer better
CREATE INDEX stories_due ON stories (due)
    WHERE state IN ('rendered', 'uploaded', 'contained', 'publishing');
CREATE INDEX stories_uncertain ON stories (due) WHERE state = 'uncertain';
CREATE INDEX stories_live ON stories (due) WHERE state = 'live';
CREATE INDEX stories_lately ON stories (due)
    WHERE state NOT IN ('rendered', 'uploaded', 'contained', 'publishing');
CREATE INDEX stories_contained ON stories (account) WHERE state IN ('contained', 'publishing');
CREATE INDEX stories_worker ON stories (worker) WHERE worker IS NOT NULL;
CREATE INDEX audit_ended ON audit (to_state, story) WHERE to_state IN ('failed', 'missed');
