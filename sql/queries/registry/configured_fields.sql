SELECT l.oregional_model_configuration_id, f.name
FROM ir_model_fields_oregional_model_configuration_rel l
JOIN ir_model_fields f ON f.id = l.ir_model_fields_id
