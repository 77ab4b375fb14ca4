-- The index of the audit log is made anew, with filters that are small enough to be kept as they are: those of before
-- were compressed again with each entry that came to pages which were summarized already, four times the cost of the
-- entry itself. That is so in a new database, and wherever entries take the room of older ones that were purged.
DROP INDEX IF EXISTS audit_log_search_index;
