(NOT EXISTS (
    SELECT 1
    FROM res_users AS colleague
    JOIN res_groups_users_rel AS member ON member.uid = colleague.id
    JOIN ir_model_data AS internal ON internal.res_id = member.gid
    WHERE internal.module = 'base' AND internal.name = 'group_user' AND colleague.partner_id = $1
))
