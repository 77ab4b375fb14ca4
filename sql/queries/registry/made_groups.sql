SELECT r.field_id, r.group_id,
       (SELECT d.module || '.' || d.name FROM ir_model_data d
        WHERE d.model = 'res.groups' AND d.res_id = r.group_id ORDER BY d.id LIMIT 1)
FROM ir_model_fields_group_rel r
JOIN ir_model_fields f ON f.id = r.field_id
WHERE f.state = 'manual'
