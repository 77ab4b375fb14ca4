SELECT l.oregional_model_scheme_id, c.id, m.model, c.model_display_name->>'en_US', c.field_limit
FROM oregional_model_configuration_oregional_model_scheme_rel l
JOIN oregional_model_configuration c ON c.id = l.oregional_model_configuration_id AND c.active
JOIN ir_model m ON m.id = c.model_id
ORDER BY c.id
