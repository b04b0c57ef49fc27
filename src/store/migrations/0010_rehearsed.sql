-- What a rehearsal did with a slot does not count for the real calendar: a worker plans it anew while its time is to come.
ALTER TABLE slots ADD COLUMN rehearsed BIGINT NOT NULL DEFAULT 0;
