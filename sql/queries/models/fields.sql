SELECT id, name, model, model_id, ttype, state, relation, relation_field, relation_table, column1, column2, related
FROM ir_model_fields
WHERE id = ANY($1)
ORDER BY id
