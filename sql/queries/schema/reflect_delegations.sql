INSERT INTO ir_model_inherit_rel (model_id, parent_id)
SELECT m.id, p.id
FROM jsonb_to_recordset($1) AS g (model text, parent text)
JOIN ir_model m ON m.model = g.model
JOIN ir_model p ON p.model = g.parent
ON CONFLICT DO NOTHING
