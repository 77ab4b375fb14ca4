INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, model, res_id,
                       res_name, details, create_uid, create_date, write_uid, write_date)
VALUES (audit_event, 'done', audit_uid,
        coalesce((SELECT u.login FROM res_users AS u WHERE u.id = audit_uid), 'database user ' || session_user),
        $1, $2, $3, $4, $5, substr(audit_said, 2),
        coalesce(audit_uid, 1), audit_now, coalesce(audit_uid, 1), audit_now);
