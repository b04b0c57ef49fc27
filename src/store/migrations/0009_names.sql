-- Of accounts whose id the project file does not say: what it calls them, as they were last opened.
ALTER TABLE accounts ADD COLUMN name TEXT;
ALTER TABLE accounts ADD COLUMN rehearsal BIGINT;    -- 1: it is one of a sandbox
