SELECT a.id, COALESCE(a.name->>'en_US', ''), a.binding_view_types, a.binding_type, a.sequence,
       to_jsonb(ARRAY(SELECT g.gid FROM ir_act_server_group_rel AS g WHERE g.act_id = a.id)), 1 AS rank
FROM ir_act_server AS a
WHERE a.binding_model_id = $1
UNION ALL
SELECT a.id, COALESCE(a.name->>'en_US', ''), a.binding_view_types, a.binding_type, NULL,
       to_jsonb(ARRAY(SELECT g.gid FROM ir_act_window_group_rel AS g WHERE g.act_id = a.id)), 2
FROM ir_act_window AS a
WHERE a.binding_model_id = $1
UNION ALL
SELECT a.id, COALESCE(a.name->>'en_US', ''), a.binding_view_types, a.binding_type, NULL, '[]'::jsonb, 3
FROM ir_act_report_xml AS a
WHERE a.binding_model_id = $1
ORDER BY 7, 5, 2, 1
