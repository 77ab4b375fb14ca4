SELECT m.id, COALESCE(m.name->>$1, m.name->>'en_US', ''), m.parent_id, m.action, m.web_icon,
       COALESCE((SELECT d.module || '.' || d.name FROM ir_model_data AS d
                 WHERE d.model = 'ir.ui.menu' AND d.res_id = m.id ORDER BY d.id LIMIT 1), ''),
       w.path, w.res_model,
       to_jsonb(ARRAY(SELECT g.gid FROM ir_ui_menu_group_rel AS g WHERE g.menu_id = m.id)),
       to_jsonb(ARRAY(SELECT g.gid FROM ir_act_window_group_rel AS g WHERE g.act_id = w.id))
FROM ir_ui_menu AS m
LEFT JOIN ir_act_window AS w ON m.action = 'ir.actions.act_window,' || w.id
WHERE m.active
ORDER BY m.sequence, m.id
