SELECT s.field_id, s.value, s.name->>'en_US'
FROM ir_model_fields_selection s
JOIN ir_model_fields f ON f.id = s.field_id
WHERE f.state = 'manual'
ORDER BY s.sequence, s.id
