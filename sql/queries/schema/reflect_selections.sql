WITH given AS (
    SELECT f.id AS field_id, g.*
    FROM jsonb_to_recordset($1) AS g (model text, module text, field text, value text, name text, sequence int)
    JOIN ir_model_fields f ON f.model = g.model AND f.name = g.field
), kept AS (
    INSERT INTO ir_model_fields_selection (
        field_id, value, name, sequence, create_uid, create_date, write_uid, write_date)
    SELECT field_id, value, jsonb_build_object('en_US', name), sequence,
           1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM given
    ON CONFLICT (field_id, value) DO UPDATE
        SET name = coalesce(ir_model_fields_selection.name, '{}') || excluded.name, sequence = excluded.sequence
    RETURNING id, field_id, value
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT g.module,
       'selection__' || replace(g.model, '.', '_') || '__' || g.field || '__' || regexp_replace(lower(g.value), '[^a-z0-9_]', '_', 'g'),
       'ir.model.fields.selection', min(k.id), false, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
FROM kept k
JOIN given g USING (field_id, value)
GROUP BY 1, 2
ON CONFLICT (module, name) DO UPDATE SET res_id = excluded.res_id
