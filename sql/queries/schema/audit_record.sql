#variable_conflict use_column
DECLARE
    audit_call jsonb;
    audit_uid integer;
    audit_login text;
    audit_now timestamp;
    audit_event text := 'write';
    audit_said text := '';
BEGIN
    -- Expressions are set up anew in each transaction: those of a column are touched only when it has changed.
    IF tg_name = 'audit_bytes' THEN
        $1
    ELSIF tg_op = 'UPDATE' THEN
        $2
        $3
    ELSIF tg_op = 'INSERT' THEN
        audit_event := 'create';
        $4
    ELSE
        audit_event := 'unlink';
        $5
    END IF;
    IF audit_said = '' AND tg_op = 'UPDATE' THEN
        RETURN NULL;
    END IF;
    $6
    audit_call := nullif(current_setting('oregional.call', true), '')::jsonb;
    audit_uid := (audit_call->>'uid')::integer;
    audit_login := audit_call->>'login';
    audit_now := (audit_call->>'now')::timestamp;
    IF audit_login IS NULL THEN
        -- No login was told: a statement that knows the id alone, a server of the version before, somebody else.
        audit_uid := coalesce(audit_uid, nullif(current_setting('oregional.uid', true), '')::integer);
        audit_now := coalesce(audit_now, nullif(current_setting('oregional.now', true), '')::timestamp);
        IF tg_op <> 'DELETE' THEN
            audit_uid := coalesce(audit_uid, "new".write_uid);
            audit_now := coalesce(audit_now, "new".write_date);
        END IF;
        audit_now := coalesce(audit_now, now() AT TIME ZONE 'UTC');
        audit_login := coalesce((SELECT u.login FROM res_users AS u WHERE u.id = audit_uid),
                                'database user ' || session_user);
    END IF;
    IF tg_op = 'DELETE' THEN
        $7
    ELSE
        $8
    END IF;
    RETURN NULL;
END
