SELECT l.oregional_model_scheme_id, m.model
FROM ir_model_oregional_model_scheme_rel l
JOIN ir_model m ON m.id = l.ir_model_id
