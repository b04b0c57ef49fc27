-- What did not go out is listed by when it ended, however long ago it was due.
CREATE INDEX stories_ended ON stories (changed) WHERE state IN ('failed', 'missed', 'cancelled');
