WITH doomed AS (
    SELECT id, relation_table
    FROM ir_model_fields
    WHERE id = ANY($1) AND ttype = 'many2many' AND related IS NULL AND relation_table LIKE 'x\_%'
)
SELECT DISTINCT relation_table
FROM doomed
WHERE NOT EXISTS (
    SELECT 1
    FROM ir_model_fields AS other
    WHERE other.relation_table = doomed.relation_table AND other.id NOT IN (SELECT id FROM doomed))
