-- Stories that a person posts: they are looked at again when they are too late, and listed until somebody says what became of them.
DROP INDEX stories_wake;
CREATE INDEX stories_wake ON stories (wake)
    WHERE state IN ('rendered', 'uploaded', 'contained', 'publishing', 'handed', 'live');
CREATE INDEX stories_handed ON stories (due) WHERE state = 'handed';
