INSERT INTO audit_log (event, outcome, user_id, user_name, model, res_id, res_name, address, user_agent,
                       create_uid, create_date, write_uid, write_date)
SELECT $6::text, 'done', by.id, by.login, 'res.users', whose.id, whose.login, $4::text, $5::text, $2, $3, $2, $3
FROM res_users whose
LEFT JOIN res_users by ON by.id = $2
WHERE whose.id = ANY($1)
