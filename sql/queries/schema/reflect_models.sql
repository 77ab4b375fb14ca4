WITH given AS (
    SELECT * FROM jsonb_to_recordset($1) AS g (model text, name text, module text, "order" text, transient boolean)
), kept AS (
    INSERT INTO ir_model (model, name, "order", state, transient, create_uid, create_date, write_uid, write_date)
    SELECT model, jsonb_build_object('en_US', name), "order", 'base', transient, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM given
    ORDER BY model
    ON CONFLICT (model) DO UPDATE
        SET state = excluded.state, name = coalesce(ir_model.name, '{}') || excluded.name, "order" = excluded."order",
            transient = excluded.transient
    RETURNING id, model
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT g.module, 'model_' || replace(g.model, '.', '_'), 'ir.model', k.id, false,
       1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
FROM kept k
JOIN given g USING (model)
ON CONFLICT (module, name) DO UPDATE SET res_id = excluded.res_id
