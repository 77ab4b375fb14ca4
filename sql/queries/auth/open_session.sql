-- Opens a session, as long as the password is the one that was proved: somebody may have changed it while it was
-- checked. One statement with the note of the sign-in, so that a change of the password which does not see this
-- session meets it at the user's row, and runs again.
WITH proof AS (
    SELECT user_id FROM user_password WHERE user_id = $2 AND ($5::bigint IS NULL OR version = $5::bigint)
    FOR SHARE
), seen AS (
    UPDATE res_users AS u SET login_date = $3::timestamp FROM proof WHERE u.id = proof.user_id RETURNING u.id
)
INSERT INTO web_session (id, user_id, created_at, expires_at)
SELECT $1::bytea, seen.id, $3::timestamp, $4::timestamp FROM seen
RETURNING user_id
