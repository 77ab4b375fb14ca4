INSERT INTO audit_log (event, outcome, application_id, application_name, address, user_agent, create_uid, create_date, write_uid, write_date)
SELECT 'client_authentication', 'refused', a.id, coalesce(a.name->>'en_US', $1::text), $2::text, $4::text, 1, $3::timestamp, 1, $3::timestamp
FROM (SELECT 1) AS always
LEFT JOIN oregional_application AS a ON a.client_id = $1::text
