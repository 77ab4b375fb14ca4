SELECT a.id, m.id
FROM ir_act_window a
JOIN ir_ui_menu m ON m.action = 'ir.actions.act_window,' || a.id AND m.active
WHERE a.res_model = $1
ORDER BY a.id, m.id
LIMIT 1
