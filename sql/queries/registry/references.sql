SELECT module || '.' || name, res_id
FROM ir_model_data
WHERE model = 'res.groups' OR (module || '.' || name) = ANY($1)
