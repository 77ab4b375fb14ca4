WITH RECURSIVE has (uid, gid) AS (
    SELECT uid, gid FROM res_groups_users_rel WHERE uid IN ($1)
    UNION
    SELECT has.uid, implied.hid
    FROM has
    JOIN res_groups_implied_rel AS implied ON implied.gid = has.gid
)
INSERT INTO res_groups_users_rel (uid, gid)
SELECT uid, gid FROM has
ON CONFLICT DO NOTHING
