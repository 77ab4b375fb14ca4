#variable_conflict use_column
DECLARE
    audit_uid integer := nullif(current_setting('oregional.uid', true), '')::integer;
    audit_now timestamp := nullif(current_setting('oregional.now', true), '')::timestamp;
    audit_said text;
BEGIN
    IF tg_name = 'audit_bytes' THEN
        audit_said := $1;
    ELSE
        audit_said := $2;
        $3
    END IF;
    IF audit_said = '' AND tg_op = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    $4
    IF tg_op <> 'DELETE' THEN
        audit_uid := coalesce(audit_uid, "new".write_uid);
        audit_now := coalesce(audit_now, "new".write_date);
    END IF;
    audit_now := coalesce(audit_now, now() AT TIME ZONE 'UTC');
    INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, model, res_id,
                           res_name, details, create_uid, create_date, write_uid, write_date)
    VALUES ($5, 'done', audit_uid,
            coalesce((SELECT u.login FROM res_users AS u WHERE u.id = audit_uid), 'database user ' || session_user),
            $6, $7, $8, coalesce("new".id, "old".id), $9, substr(audit_said, 2),
            coalesce(audit_uid, 1), audit_now, coalesce(audit_uid, 1), audit_now);
    RETURN NULL;
END
