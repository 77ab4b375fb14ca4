INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent, details,
                       model, res_id, res_name,
                       create_uid, create_date, write_uid, write_date)
SELECT $1::text, $2::text, u.id, u.login, a.id, a.name->>'en_US', $5::text, $8::text, $6::text,
       $9::text, $10::int, $11::text, coalesce(u.id, 1), $7::timestamp,
       coalesce(u.id, 1), $7::timestamp
FROM (SELECT 1) AS always
LEFT JOIN res_users u ON u.id = $3
LEFT JOIN oregional_application a ON a.id = $4
