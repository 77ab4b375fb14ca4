INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, model, res_id, details, address, user_agent,
                       create_uid, create_date, write_uid, write_date)
SELECT $1::text, 'done', u.id, u.login, a.id, a.name->>'en_US', 'oregional.authorization', g.id, $2::text, $6::text, $7::text, $4, $5, $4, $5
FROM oregional_authorization g
LEFT JOIN res_users u ON u.id = g.user_id
LEFT JOIN oregional_application a ON a.id = g.application_id
WHERE g.id = $3
