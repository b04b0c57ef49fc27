-- What was moved by hand goes out at another time than its rule says: who looks at some days of the calendar finds it by this.
ALTER TABLE slots ADD COLUMN moved BIGINT NOT NULL DEFAULT 0; -- 1: by hand
UPDATE slots SET moved = 1 WHERE body LIKE '%"is_moved":true%';
CREATE INDEX slots_moved ON slots (due) WHERE moved = 1;
