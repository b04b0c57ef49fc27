-- Who has a slot in hand may be about to say that it can wait, by what it has read before: a wake-up that came meanwhile counts more.
ALTER TABLE slots ADD COLUMN woken BIGINT; -- look again then, whatever the present holder says
