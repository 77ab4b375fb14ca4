(NOT EXISTS (
    SELECT 1
    FROM res_groups_users_rel AS member
    JOIN ir_model_data AS internal ON internal.res_id = member.gid
    WHERE internal.module = 'base' AND internal.name = 'group_user' AND member.uid = $1
))
