-- Ends one family for the second use of its code or of a token, and tells why.
WITH ended AS (
    UPDATE oauth_family AS f SET revoked_at = $2::timestamp
    WHERE (f.code_hash = $1 OR f.id = (SELECT family_id FROM oauth_token WHERE hash = $1)) AND f.revoked_at IS NULL
    RETURNING f.id, f.grant_id, f.user_id, f.application_id
)
INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent, details,
                       create_uid, create_date, write_uid, write_date)
SELECT 'reuse', 'revoked', p.id, p.login, a.id, a.name->>'en_US', $3::text, $5::text, $4::text, 1, $2, 1, $2
FROM ended e
LEFT JOIN res_users p ON p.id = e.user_id
LEFT JOIN oregional_application a ON a.id = e.application_id
