#variable_conflict use_column
DECLARE
    audit_call jsonb := nullif(current_setting('oregional.call', true), '')::jsonb;
    -- The others are those of a server of the version before.
    audit_uid integer := coalesce(audit_call->>'uid', nullif(current_setting('oregional.uid', true), ''))::integer;
    audit_now timestamp := coalesce(audit_call->>'now', nullif(current_setting('oregional.now', true), ''))::timestamp;
BEGIN
    INSERT INTO audit_log (event, outcome, user_id, user_name, model, res_id, res_name, details, address, user_agent,
                           create_uid, create_date, write_uid, write_date)
    SELECT 'write', 'done', u.id, coalesce(u.login, 'database user ' || session_user), $1, known.owner, $2,
           known.details, audit_call->>'address', audit_call->>'agent',
           coalesce(u.id, 1), moment, coalesce(u.id, 1), moment
    FROM (SELECT link.$3 AS owner,
                 string_agg($4 || CASE tg_op WHEN 'INSERT' THEN '+ ' ELSE '- ' END || $5, chr(10) ORDER BY link.$6) AS details
          FROM changed AS link
          GROUP BY link.$3) AS known
    LEFT JOIN $7 AS record ON record.id = known.owner
    LEFT JOIN res_users AS u ON u.id = coalesce(audit_uid, record.write_uid)
    CROSS JOIN coalesce(audit_now, record.write_date, now() AT TIME ZONE 'UTC') AS moment;
    RETURN NULL;
END
