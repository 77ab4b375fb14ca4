SELECT f.model, f.name, d.user_id, d.company_id, d.json_value
FROM ir_default d
JOIN ir_model_fields f ON f.id = d.field_id
WHERE coalesce(d.condition, '') = ''
ORDER BY d.user_id NULLS LAST, d.company_id NULLS LAST, d.id
