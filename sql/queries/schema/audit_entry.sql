INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, model, res_id,
                       res_name, details, address, user_agent, create_uid, create_date, write_uid, write_date)
VALUES (audit_event, 'done', audit_uid, audit_login, $1, $2, $3, $4, $5, substr(audit_said, 2),
        audit_call->>'address', audit_call->>'agent',
        coalesce(audit_uid, 1), audit_now, coalesce(audit_uid, 1), audit_now);
