SELECT v.id, v.name, v.type, v.mode, v.inherit_id, v.arch_db,
       to_jsonb(ARRAY(SELECT g.group_id FROM ir_ui_view_group_rel AS g WHERE g.view_id = v.id))
FROM ir_ui_view AS v
