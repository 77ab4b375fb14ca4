WITH given AS (
    SELECT g.*, m.id AS model_id
    FROM jsonb_to_recordset($1) AS g (
        model text, module text, name text, field_description text, help text, ttype text, relation text,
        relation_field text, relation_table text, column1 text, column2 text, on_delete text, required boolean,
        readonly boolean, store boolean, index boolean, copied boolean, translate boolean, related text,
        depends text, groups text)
    JOIN ir_model m ON m.model = g.model
), kept AS (
    INSERT INTO ir_model_fields (
        model_id, model, name, field_description, help, ttype, relation, relation_field, relation_table, column1,
        column2, on_delete, required, readonly, store, index, copied, translate, related, depends, state,
        create_uid, create_date, write_uid, write_date)
    SELECT model_id, model, name, jsonb_build_object('en_US', field_description),
           CASE WHEN help <> '' THEN jsonb_build_object('en_US', help) END, ttype, relation, relation_field,
           relation_table, column1, column2, on_delete, required, readonly, store, index, copied, translate,
           related, depends, 'base', 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM given
    ON CONFLICT (model, name) DO UPDATE
        SET state = excluded.state,
            field_description = coalesce(ir_model_fields.field_description, '{}') || excluded.field_description,
            help = excluded.help, ttype = excluded.ttype, relation = excluded.relation,
            relation_field = excluded.relation_field, relation_table = excluded.relation_table,
            column1 = excluded.column1, column2 = excluded.column2, on_delete = excluded.on_delete,
            required = excluded.required, readonly = excluded.readonly, store = excluded.store,
            index = excluded.index, copied = excluded.copied, translate = excluded.translate,
            related = excluded.related, depends = excluded.depends
    RETURNING id, model, name
)
INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date)
SELECT g.module, 'field_' || replace(g.model, '.', '_') || '__' || g.name, 'ir.model.fields', k.id, false,
       1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
FROM kept k
JOIN given g USING (model, name)
ON CONFLICT (module, name) DO UPDATE SET res_id = excluded.res_id
