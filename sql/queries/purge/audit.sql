DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE create_date < $1 LIMIT $2)
